using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Record;

/// <summary>What this worker tells of itself when it is asked.</summary>
internal sealed class OwnStatus(RunnerRepo repo, TrySlots slots, WorkerName worker)
{
    /// <summary>How busy it is.</summary>
    public WorkerStatus Summary() => new()
    {
        Worker = worker.Value,
        Runners = repo.Count,
        Slots = slots.Count,
        SlotsInUse = slots.InUse,
    };

    /// <summary>What runs and waits on it.</summary>
    /// <param name="requestId">Only runs of this request; absent or empty for all.</param>
    /// <param name="jobId">Only this job of the request; absent or empty for all.</param>
    public IEnumerable<RunnerStatus> Runs(string? requestId = null, string? jobId = null) =>
        (string.IsNullOrEmpty(requestId) ? repo.Items() : repo.Find(requestId, jobId)).Select(runner => runner.Status() with { Worker = worker.Value });
}
