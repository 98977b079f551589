using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>The tries seen so far. The output of a try is not kept: it may be large, and the job-log store has it.</summary>
internal sealed class TryLogs
{
    private readonly Dictionary<(string RequestId, string JobId), SortedList<long, JobLogRecorded>> _logs = [];

    /// <summary>Takes in a log; <see langword="false"/> for one that is there: logs may be delivered twice.</summary>
    public bool Add(JobLogRecorded log)
    {
        if (!_logs.TryGetValue((log.RequestId, log.JobId), out var tries))
        {
            _logs[(log.RequestId, log.JobId)] = tries = [];
        }

        return tries.TryAdd(log.Try, log with { Stdout = "", Stderr = "", Unknown = null });
    }

    /// <summary>Whether the log of every try that ran is there.</summary>
    public bool AreAllOf(TrackedChain chain) =>
        chain.Runs().All(run => Of(chain.RequestId, run.Job.Id).Length >= run.Tries);

    /// <summary>The chain's jobs as they stand.</summary>
    public RequestResult ResultOf(TrackedChain chain) => new(
        chain.RequestId,
        chain.Now.State,
        [.. chain.Runs().Select(run => new JobOutcome(
            run.Job,
            run.Now.State,
            Of(chain.RequestId, run.Job.Id),
            run.Now.State is JobState.Pending or JobState.Running ? [] : run.Now.Data,
            run.Now.Error))]);

    private JobLogRecorded[] Of(string requestId, string jobId) =>
        _logs.TryGetValue((requestId, jobId), out var tries) ? [.. tries.Values] : [];
}
