namespace JobRunner.Bus.Operations.Repair;

/// <summary>Which logs of the journal are delivered again.</summary>
/// <param name="Since">From when on, by the broker's time; some from the minute before come along.</param>
/// <param name="Until">Leaves out tries that ended later.</param>
/// <param name="RequestId">Only of this request.</param>
/// <param name="JobId">Only of this job.</param>
/// <param name="DryRun">Only count.</param>
internal sealed record ReplayPlan(DateTimeOffset Since, DateTimeOffset? Until, string? RequestId, string? JobId, bool DryRun);

/// <summary>How far a replay has come.</summary>
/// <param name="Read">Messages of the journal read.</param>
/// <param name="Logs">Logs among them that are meant.</param>
/// <param name="Sent">Logs that the broker has confirmed.</param>
internal sealed record ReplayCounts(long Read, long Logs, long Sent);
