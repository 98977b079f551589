namespace JobRunner.Bus.Contracts;

/// <summary>The exchanges of the contract, for schedulers: what they send to and listen on. None may change.</summary>
public static class Exchanges
{
    /// <summary>Takes <see cref="Contracts.RunJob"/>.</summary>
    public const string RunJob = "run-job";

    /// <summary>Takes <see cref="Contracts.StopJob"/>.</summary>
    public const string StopJob = "stop-job";

    /// <summary>Gives every <see cref="Contracts.JobLogRecorded"/>.</summary>
    public const string JobLogRecorded = "job-log-recorded";

    /// <summary>Gives every <see cref="Contracts.JobFinished"/>; keeps nothing for a queue that is bound later.</summary>
    public const string JobFinished = "job-finished";

    /// <summary>Takes <see cref="Contracts.GetRunnerStatus"/>.</summary>
    public const string GetRunnerStatus = "get-runner-status";

    /// <summary>Takes <see cref="Contracts.DrainWorker"/>, with the worker's name as routing key.</summary>
    public const string DrainWorker = "worker.drain";

    /// <summary>Takes a <see cref="Contracts.JobChain"/> to run.</summary>
    public const string RunChain = "run-chain";

    /// <summary>Takes a <see cref="Contracts.SuspendedJobChain"/> to go on with.</summary>
    public const string ResumeChain = "resume-chain";

    /// <summary>Takes <see cref="Contracts.StopChain"/>.</summary>
    public const string StopChain = "stop-chain";

    /// <summary>Takes <see cref="Contracts.GetChains"/>.</summary>
    public const string GetChains = "get-chains";

    /// <summary>Gives every <see cref="Contracts.ChainFinished"/>; keeps nothing for a queue that is bound later.</summary>
    public const string ChainFinished = "chain-finished";
}
