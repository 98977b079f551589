using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>A worker, as its last answer told it.</summary>
/// <param name="Told">How busy it is.</param>
/// <param name="Since">When it answered first.</param>
/// <param name="At">When it answered last.</param>
/// <param name="Runs">What it runs and what waits on it; <see langword="null"/> where nobody wanted to know.</param>
internal sealed record SeenWorker(WorkerStatus Told, DateTimeOffset Since, DateTimeOffset At, IReadOnlyList<RunnerStatus>? Runs)
{
    /// <summary>Tries that it runs.</summary>
    public long Running => Told.SlotsInUse;

    /// <summary>Runs that wait on it: for their next try, or for a slot.</summary>
    public long Waiting => Math.Max(0, Told.Runners - Told.SlotsInUse);
}
