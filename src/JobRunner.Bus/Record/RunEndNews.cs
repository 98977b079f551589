using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Record;

/// <summary>What a scheduler is told of an end, and by what the journal knows later whose end it was.</summary>
/// <param name="Finished">The message.</param>
/// <param name="CommandSentAt">When the command of the run was sent; unknown where it said no time.</param>
/// <param name="At">When its scheduler was first told.</param>
internal sealed record RunEndNews(JobFinished Finished, DateTimeOffset? CommandSentAt, DateTimeOffset At);
