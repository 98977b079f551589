using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>Whose try it is.</summary>
internal interface ITryOwner
{
    /// <summary>The job.</summary>
    IJob Job { get; }

    /// <summary>How long it may take to stop.</summary>
    TimeSpan StopTimeout { get; }

    /// <summary>The clock.</summary>
    TimeProvider Time { get; }

    /// <summary>The job did not stop in time: its try ends with this result, and whoever waits for the job itself waits in vain.</summary>
    void GaveUp(TryRun current, JobResult result);
}
