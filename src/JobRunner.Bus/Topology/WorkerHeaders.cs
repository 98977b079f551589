namespace JobRunner.Bus.Topology;

/// <summary>Headers that workers write for each other beside a body that stays plain.</summary>
internal static class WorkerHeaders
{
    /// <summary>On a run that goes on elsewhere: identifies this leg of it.</summary>
    public const string Leg = "jobrunner-leg";

    /// <summary>On a run that goes on elsewhere: how many tries its earlier legs used.</summary>
    public const string TriesBefore = "jobrunner-tries-before";

    /// <summary>On a run that goes on elsewhere: Unix milliseconds before which its next try must not start.</summary>
    public const string DueAt = "jobrunner-due-at";

    /// <summary>On a run that goes on elsewhere: milliseconds that are left of its wait after its stay in the broker.</summary>
    public const string WaitLeft = "jobrunner-wait-left";

    /// <summary>On a run that goes on elsewhere: when its first leg began, Unix milliseconds.</summary>
    public const string RunStartedAt = "jobrunner-run-started-at";

    /// <summary>On a run that goes on elsewhere and whose command states a time of no use: when a worker first saw it, Unix milliseconds.</summary>
    public const string SeenAt = "jobrunner-seen-at";

    /// <summary>On a requeued message: it was delivered before; if it is a command, another worker may still run it.</summary>
    public const string DeliveredBefore = "jobrunner-delivered-before";

    /// <summary>On a requeued command: how often a worker failed to run it, by an error of the worker's own.</summary>
    public const string Failures = "jobrunner-failures";

    /// <summary>In an error queue: the names of headers that were left out, since all headers must fit into one AMQP frame.</summary>
    public const string HeadersDropped = "jobrunner-headers-dropped";

    /// <summary>On a job log that is redelivered: how often.</summary>
    public const string Redeliveries = "jobrunner-put-offs";

    /// <summary>On a job log that is redelivered: when its first delivery began that failed while others got through, Unix milliseconds.</summary>
    public const string FirstTriedAt = "jobrunner-first-tried-at";

    /// <summary>On a job log that is redelivered: when its last delivery failed, Unix milliseconds.</summary>
    public const string RedeliveredAt = "jobrunner-put-off-at";

    /// <summary>On <c>stop-job</c>: the legs named, parted by commas, were stopped while they waited, and their schedulers have been told.</summary>
    public const string Settled = "jobrunner-settled";

    /// <summary>On <c>stop-job</c>: the stop at this offset, which says no time, was first seen at the body's <c>sentAt</c>.</summary>
    public const string FirstSeen = "jobrunner-first-seen";

    /// <summary>On <c>job-journal</c>: the body's job data is what the try of this number left behind.</summary>
    public const string JobDataOfTry = "jobrunner-job-data-of-try";

    /// <summary>On <c>job-journal</c>: a redelivered command of the job was about to start again.</summary>
    public const string StartedAgain = "jobrunner-started-again";

    /// <summary>On <c>job-journal</c>: it was carried over from another broker, where it had been published to this exchange.</summary>
    public const string PublishedTo = "jobrunner-published-to";

    /// <summary>On <c>job-finished</c>: when it was published, Unix milliseconds.</summary>
    public const string At = "jobrunner-at";

    /// <summary>On <c>job-finished</c>: when the command of the run was sent, .NET ticks (100 ns since year 1, UTC).</summary>
    public const string CommandSentAt = "jobrunner-command-sent-at";

    /// <summary>
    /// On <c>job-finished</c>: the broker had accepted all logs of the run before. A broker that is killed can lose the end of a stream that it
    /// had accepted: then the journal has this end without its log, which lies in its queue.
    /// </summary>
    public const string LogsAccepted = "jobrunner-logs-accepted";

    /// <summary>On <c>stop-job</c>: no stop, but a mark by which a starting worker knows that it has read all stops; on <c>job-journal</c> likewise.</summary>
    public const string CaughtUp = "jobrunner-caught-up";
}
