using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>The time limits of one try.</summary>
/// <param name="Timeout">How long it may take; zero for no limit.</param>
/// <param name="Heartbeat">How long it may report no status; zero for no limit.</param>
/// <param name="ToStop">How long the job may take to stop once told.</param>
internal readonly record struct TryLimits(TimeSpan Timeout, TimeSpan Heartbeat, TimeSpan ToStop)
{
    public string TooLong => $"the try took longer than its timeout of {GoDuration.FromTimeSpan(Timeout)}";

    public string Silent => $"the try reported no status for its heartbeat of {GoDuration.FromTimeSpan(Heartbeat)}";
}
