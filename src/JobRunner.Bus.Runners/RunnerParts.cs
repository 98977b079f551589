using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>What all runners of a factory share.</summary>
internal sealed record RunnerParts(
    IJobFactory Jobs, IJobLogSink Logs, TrySlots Slots, RunnerOptions Options, ITryGate Gate, TimeProvider Time, ILogger Logger);
