using System.Diagnostics;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Runs;

/// <summary>A run that this worker holds, running or parked: what a stop must know of it.</summary>
internal interface IHeldRun : IRunner
{
    /// <inheritdoc cref="CommandDelivery.Order"/>
    DateTimeOffset? Order { get; }

    /// <inheritdoc cref="RunLeg.SeenAt"/>
    DateTimeOffset? SeenAt { get; }

    /// <summary>Since when it is held here, a monotonic timestamp.</summary>
    long HeldSince { get; }

    /// <summary>The trace it belongs to.</summary>
    ActivityContext Trace { get; }
}
