namespace JobRunner.Bus.Operations.Move;

/// <summary>What became of a queue or stream.</summary>
/// <param name="From">Its name.</param>
/// <param name="Messages">Messages that the other broker has confirmed; with a dry run those that are there.</param>
internal sealed record MoveCount(string From, long Messages);
