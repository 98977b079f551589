namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>A broker and its workers.</summary>
internal sealed class BrokerSource(BrokerWatch watch, ChainLook chains, LogLook logs, ErrorLook errors, BrokerLook broker) : ISource
{
    public void WantRuns() => watch.WantRuns();

    public Task<ChainsFound> ChainsAsync(string? requestId, CancellationToken left) => chains.AskAsync(requestId, left);

    public Task<LogsFound> LogsAsync(string requestId, CancellationToken left) => logs.ReadAsync(requestId, left);

    public bool ErrorsAreTaken => errors.IsTaken;

    public Task<ErrorsFound> ErrorsAsync(CancellationToken left) => errors.ReadAsync(left);

    public Task<BrokerFound> BrokerAsync(CancellationToken left) => broker.ReadAsync(left);
}
