using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>What the command line of <c>dashboard</c> says.</summary>
/// <param name="Broker">The broker to look at.</param>
/// <param name="Port">The port on loopback; 0 for any that is free.</param>
/// <param name="AllowActions">Whether people may send messages back and discard them.</param>
internal sealed record DashboardArguments(BrokerAddress Broker, int Port, bool AllowActions);
