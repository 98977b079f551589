namespace JobRunner.Bus.Operations.Move;

/// <summary>A queue that is emptied.</summary>
/// <param name="From">Its name.</param>
/// <param name="To">The queue at the other broker that gets its messages.</param>
internal sealed record QueueMove(string From, string To);
