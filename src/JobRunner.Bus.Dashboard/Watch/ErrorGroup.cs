using JobRunner.Bus.Operations.Repair;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>Messages of an error queue that are there for the same reason: reasons that differ in ids and numbers alone are one.</summary>
/// <param name="Queue">The queue beside which the error queue is.</param>
/// <param name="Reason">Why they are there.</param>
/// <param name="Count">How many there are among those that were read.</param>
/// <param name="First">When the first was put there, as far as it says so.</param>
/// <param name="Last">When the last was.</param>
/// <param name="Example">One of them, the last; its body cut to what a person reads.</param>
/// <param name="ExampleLeg">What it is found by again: the leg that it would be sent back as.</param>
internal sealed record ErrorGroup(string Queue, string Reason, int Count, DateTimeOffset? First, DateTimeOffset? Last, ErrorMessage Example, string ExampleLeg);

/// <summary>What a look into the error queues found.</summary>
/// <param name="Groups">The reasons, the commonest first.</param>
/// <param name="Unread">Messages that were too many to look at.</param>
/// <param name="Trouble">Why nothing could be read; absent where it could.</param>
internal sealed record ErrorsFound(IReadOnlyList<ErrorGroup> Groups, long Unread, string? Trouble);
