namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>What was counted at one time, for the lines of the overview.</summary>
internal sealed record Sample(long Running, long Waiting, long Queued, long LogsWaiting, long Failed);
