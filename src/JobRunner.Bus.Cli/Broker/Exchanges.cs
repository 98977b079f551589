namespace JobRunner.Bus.Cli.Broker;

/// <summary>The exchanges of the contract. Workers declare them; this program only asks whether they are there.</summary>
internal static class Exchanges
{
    /// <summary>Takes commands to run a job.</summary>
    public const string RunJob = "run-job";

    /// <summary>Takes stops.</summary>
    public const string StopJob = "stop-job";

    /// <summary>Gives the log of every try.</summary>
    public const string JobLogRecorded = "job-log-recorded";

    /// <summary>Gives the result of every run.</summary>
    public const string JobFinished = "job-finished";

    /// <summary>Takes requests for what runs.</summary>
    public const string GetRunnerStatus = "get-runner-status";
}
