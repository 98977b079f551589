namespace JobRunner.Bus.Operations.Repair;

/// <summary>Which messages of which error queues a command is about.</summary>
/// <param name="Queues">The queues beside which the error queues are.</param>
/// <param name="Filter">Which of their messages.</param>
/// <param name="Limit">The most messages; none for all.</param>
internal sealed record ErrorSelection(IReadOnlyList<string> Queues, ErrorFilter Filter, int? Limit);
