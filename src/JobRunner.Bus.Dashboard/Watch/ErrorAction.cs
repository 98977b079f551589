using JobRunner.Bus.Operations.Repair;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>What a person wants to be done to messages of the error queues.</summary>
/// <param name="IsRetry">Send them back, each to its own queue; else discard them.</param>
/// <param name="Which">The messages.</param>
/// <param name="Named">The messages in words, such as <c>the commands of run-job_error</c>.</param>
internal sealed record ErrorAction(bool IsRetry, ErrorSelection Which, string Named);

/// <summary>What became of them, or would become of them.</summary>
/// <param name="Tally">How many met which end.</param>
/// <param name="Trouble">What broke it off; absent where it came to its end.</param>
/// <param name="Warnings">What else a person should know.</param>
internal sealed record ErrorsChanged(RepairTally Tally, string? Trouble, IReadOnlyList<string> Warnings);
