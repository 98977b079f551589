using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>What all runners of a factory share.</summary>
internal sealed class RunnerParts(IJobLogSink logs, TrySlots slots, RunnerOptions options, ITryGate gate, TimeProvider time, ILogger<Runner> logger)
{
    public IJobLogSink Logs => logs;

    public TrySlots Slots => slots;

    public RunnerOptions Options => options;

    public ITryGate Gate => gate;

    public TimeProvider Time => time;

    public ILogger Logger => logger;

    /// <summary>Those that wait for their next try.</summary>
    public DueQueue Waits { get; } = new(time);
}
