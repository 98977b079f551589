namespace JobRunner.Bus.Operations.Move;

/// <summary>What is carried over to another broker, beside the streams.</summary>
/// <param name="Queues">The queues, in their order: a wait before the queue that gets what is due. One that is not there is passed over.</param>
/// <param name="DryRun">Only count.</param>
internal sealed record MovePlan(IReadOnlyList<QueueMove> Queues, bool DryRun);
