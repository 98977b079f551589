using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Makes a runner for one job.</summary>
/// <remarks>
/// There are two try counts (seed: <c>runner.Factory</c>). <see cref="RunJob.PrevTries"/> counts within a try of the
/// job's sequence, from 0 to 1 + retry, and starts over when the scheduler tries the sequence again.
/// <see cref="RunJob.TotalTries"/> only rises: it numbers the job logs, and a number may never come twice.
/// </remarks>
public sealed class RunnerFactory(
    IJobFactory jobs,
    IJobLogSink logs,
    TrySlots slots,
    RunnerOptions options,
    TimeProvider time,
    ILogger<Runner> logger,
    ITryGate? gate = null)
{
    private readonly RunnerParts _parts = new(jobs, logs, slots, options, gate ?? OpenTryGate.Instance, time, logger);

    /// <summary>Makes a runner. Cheap: the job itself is made when the runner runs, on a thread of its own.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="startedAt">When the run began, if it goes on here; now if absent.</param>
    public Runner Make(RunJob command, DateTimeOffset? startedAt = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        return new Runner(command, _parts, startedAt);
    }
}
