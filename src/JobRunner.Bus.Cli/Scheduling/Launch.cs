using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>A command to send, after a wait.</summary>
/// <param name="Command">The command, without the time it was sent.</param>
/// <param name="Wait">How long to wait first: none but for a sequence that is tried again.</param>
internal sealed record Launch(RunJob Command, TimeSpan Wait);
