using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>The time limits of one try.</summary>
/// <param name="Timeout">How long it may take; zero for no limit.</param>
/// <param name="Heartbeat">How long it may report no status; zero for no limit.</param>
/// <param name="ToStop">How long the job may take to stop once told.</param>
internal readonly record struct TryLimits(TimeSpan Timeout, TimeSpan Heartbeat, TimeSpan ToStop)
{
    /// <summary>Those that the command names, else those of the job's type.</summary>
    public static TryLimits Of(RunJob command, JobTypeLimits? ofType, TimeSpan toStop) =>
        new(Limit(command.Timeout, ofType?.TryTimeout), Limit(command.Heartbeat, ofType?.Heartbeat), toStop);

    public string TooLong => $"the try took longer than its timeout of {GoDuration.FromTimeSpan(Timeout)}";

    public string Silent => $"the try reported no status for its heartbeat of {GoDuration.FromTimeSpan(Heartbeat)}";

    private static TimeSpan Limit(string? ofCommand, TimeSpan? ofType) =>
        string.IsNullOrEmpty(ofCommand) ? ofType ?? TimeSpan.Zero : GoDuration.Parse(ofCommand).ToTimeSpan();
}
