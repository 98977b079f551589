using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>Where job logs go.</summary>
public interface IJobLogSink
{
    /// <summary>
    /// Returns once the log is safe: accepted by something that outlives this process. The next try does not start
    /// before. An implementation waits for as long as it takes; it throws only when the process gives up the run.
    /// </summary>
    Task RecordAsync(JobLogRecorded log);
}
