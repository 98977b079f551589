using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Refusals;

/// <summary>A command that is not run: it goes to the error queue with this reason in a header.</summary>
/// <param name="reason">What is wrong and where, for its sender.</param>
/// <param name="tellScheduler">Whether its scheduler is told that the job failed.</param>
internal sealed class RefusedException(string reason, bool tellScheduler = true) : Exception(Reasons.Bounded(reason))
{
    public bool TellScheduler { get; } = tellScheduler;

    /// <summary>How its run ends, where tries may have been logged before; <see langword="null"/> when it has not been run.</summary>
    public (RunJob Command, Return Result)? Run { get; init; }
}
