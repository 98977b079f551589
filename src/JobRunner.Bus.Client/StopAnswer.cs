using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <summary>What became of a stop. It stays in force whatever is in here: commands sent before it do not run.</summary>
/// <param name="Replies">One per job that a worker held.</param>
/// <param name="Unanswered">Jobs that a worker held and that have not stopped in time.</param>
public sealed record StopAnswer(IReadOnlyList<StopJobReply> Replies, IReadOnlyList<RunnerStatus> Unanswered);
