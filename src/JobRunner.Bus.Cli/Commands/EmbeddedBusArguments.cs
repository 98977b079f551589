namespace JobRunner.Bus.Cli.Commands;

/// <summary>What the embedded bus of <c>run</c> is to be.</summary>
/// <param name="RequestIds">The requests that are about to run on it.</param>
/// <param name="Slots">How many tries may run at once; absent: the settings decide.</param>
internal sealed record EmbeddedBusArguments(IReadOnlyList<string> RequestIds, int? Slots);
