using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runs;

/// <summary>Sends a run on to whoever is free when its next try is due.</summary>
internal interface IRunRelay
{
    /// <summary>Returns once the next leg is safe; the command before it may then be acknowledged.</summary>
    /// <param name="next">The command with its counters and data moved on.</param>
    /// <param name="leg">The next leg.</param>
    /// <param name="wait">How long until it is due; zero for at once.</param>
    /// <param name="abandoned">The run was abandoned: it goes on from what was recorded, not from here.</param>
    Task SendOnAsync(RunJob next, RunLeg leg, TimeSpan wait, CancellationToken abandoned = default);

    /// <summary>
    /// Requeues a command as it came, for whoever is free after the wait; returns once it is safe. It is no new leg: the
    /// journal does not see it, and whoever gets it treats it as one delivered before.
    /// </summary>
    Task RequeueAsync(CommandDelivery delivery, TimeSpan wait);
}
