namespace JobRunner.Bus.Cli.Commands;

/// <summary>What the command line of <c>worker</c> says.</summary>
/// <param name="BrokerUri">Option <c>--broker</c>; it implies the RabbitMQ transport. Absent: the settings decide.</param>
/// <param name="Settings">
/// Settings as a command-line configuration provider reads them, for instance <c>--JobRunner:Worker:Slots</c>, <c>4</c>.
/// </param>
/// <param name="Check">Option <c>--check</c>: only look whether the broker is as a worker needs it.</param>
internal sealed record WorkerArguments(string? BrokerUri, IReadOnlyList<string> Settings, bool Check = false);
