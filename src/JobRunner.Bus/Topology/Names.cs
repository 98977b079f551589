namespace JobRunner.Bus.Topology;

/// <summary>The names on the broker. They are the interface to schedulers and operators: none may change.</summary>
public static class Names
{
    /// <summary>Exchange and quorum queue of <see cref="Contracts.RunJob"/>.</summary>
    public const string RunJob = Contracts.Exchanges.RunJob;

    /// <summary>Exchange and stream of <see cref="Contracts.StopJob"/>.</summary>
    public const string StopJob = Contracts.Exchanges.StopJob;

    /// <summary>Exchange and quorum queue of <see cref="Contracts.JobLogRecorded"/>.</summary>
    public const string JobLogRecorded = Contracts.Exchanges.JobLogRecorded;

    /// <summary>Exchange of <see cref="Contracts.JobFinished"/>; schedulers bind queues of their own.</summary>
    public const string JobFinished = Contracts.Exchanges.JobFinished;

    /// <summary>Exchange of <see cref="Contracts.GetRunnerStatus"/>; every worker binds a queue of its own.</summary>
    public const string GetRunnerStatus = Contracts.Exchanges.GetRunnerStatus;

    /// <summary>Direct exchange of <see cref="Contracts.DrainWorker"/>; every worker binds a queue of its own by its name.</summary>
    // Not drain-worker: users of brokers that are in use may make what is called worker.…, and nothing new.
    public const string DrainWorker = Contracts.Exchanges.DrainWorker;

    /// <summary>Exchange where workers ask each other who still runs a job; each binds a queue of its own.</summary>
    public const string RunLease = "run-lease";

    /// <summary>Topic exchange of runs that wait between tries; the routing key is the wait.</summary>
    public const string RunJobWait = "run-job.wait";

    /// <summary>Routing key on <see cref="RunJobWait"/> of a run that goes on at once.</summary>
    public const string NoWait = "now";

    /// <summary>Stream of what has been tried and finished, for runs whose worker died, and for replay.</summary>
    public const string JobJournal = "job-journal";

    /// <summary>Quorum queue of the ends of chains' jobs, bound to <see cref="JobFinished"/>.</summary>
    internal const string ChainJobFinished = "chain-job-finished";

    /// <summary>Quorum queue of the waits of chains that are over.</summary>
    internal const string ChainDue = "chain-due";

    private static readonly string[] Own =
    [
        RunJob, StopJob, JobLogRecorded, JobFinished, GetRunnerStatus, RunLease, JobJournal, "worker",
        Contracts.Exchanges.RunChain, Contracts.Exchanges.ResumeChain, Contracts.Exchanges.StopChain, Contracts.Exchanges.ChainFinished,
        Contracts.Exchanges.GetChains, ChainJobFinished, ChainDue,
    ];

    /// <summary>The queue where runs wait that long: they dead-letter back to <see cref="RunJob"/>.</summary>
    public static string WaitQueue(string wait) => $"{RunJobWait}.{wait}";

    /// <summary>The queue where job logs wait that long for their redelivery: they dead-letter back to the queue <see cref="JobLogRecorded"/>.</summary>
    public static string DelayQueue(string delay) => $"{JobLogRecorded}.delay.{delay}";

    /// <summary>The queue for replies to consumers that a host adds to the bus; workers make none.</summary>
    public static string WorkerQueue(string worker) => $"worker.{worker}";

    /// <summary>Whether a queue is one of the workers' own, by its name.</summary>
    public static bool IsWorkersOwn(string queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        return Own.Any(name => queue == name || (queue.StartsWith(name, StringComparison.Ordinal) && queue[name.Length] is ('.' or '_')));
    }

    /// <summary>The error queue beside a queue (MassTransit's convention).</summary>
    public static string ErrorQueue(string queue) => $"{queue}_error";
}
