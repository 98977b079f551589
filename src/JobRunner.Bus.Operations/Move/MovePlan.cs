namespace JobRunner.Bus.Operations.Move;

/// <summary>What is carried over to another broker, beside the streams.</summary>
/// <param name="Queues">The queues, in their order; one that is not there is passed over.</param>
/// <param name="DryRun">Only count.</param>
internal sealed record MovePlan(IReadOnlyList<QueueMove> Queues, bool DryRun);

/// <summary>A queue that is emptied.</summary>
/// <param name="From">Its name.</param>
/// <param name="To">The queue at the other broker that gets its messages.</param>
internal sealed record QueueMove(string From, string To);

/// <summary>What became of a queue or stream.</summary>
/// <param name="From">Its name.</param>
/// <param name="Messages">Messages that the other broker has confirmed; with a dry run those that are there.</param>
internal sealed record MoveCount(string From, long Messages);
