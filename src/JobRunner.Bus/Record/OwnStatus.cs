using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Record;

/// <summary>What this worker tells of itself when it is asked.</summary>
internal sealed class OwnStatus(RunnerRepo repo, TrySlots slots, WorkerName worker, IOptions<WorkerOptions> options, WorkerReadiness readiness, DrainSignal drain)
{
    private static readonly string? Version = typeof(OwnStatus).Assembly.GetName().Version?.ToString(3);

    /// <summary>How busy it is.</summary>
    public WorkerStatus Summary() => new()
    {
        Worker = worker.Value,
        Runners = repo.Count,
        Slots = slots.Count,
        SlotsInUse = slots.InUse,
        Roles = options.Value.Roles.ToString().Replace(" ", "", StringComparison.Ordinal),
        Version = Version,
        StartedAt = (worker.StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100,
        NotReady = readiness.NotReady,
        Drain = drain.Stage,
    };

    /// <summary>What runs and waits on it.</summary>
    /// <param name="requestId">Only runs of this request; absent or empty for all.</param>
    /// <param name="jobId">Only this job of the request; absent or empty for all.</param>
    public IEnumerable<RunnerStatus> Runs(string? requestId = null, string? jobId = null) =>
        (string.IsNullOrEmpty(requestId) ? repo.Items() : repo.Find(requestId, jobId)).Select(runner => runner.Status() with { Worker = worker.Value });
}
