using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Operations;

/// <summary>Talks to every worker by the client library.</summary>
internal sealed class ClientControl : IBrokerControl
{
    private readonly JobRunnerClient _client;

    private ClientControl(JobRunnerClient client) => _client = client;

    /// <summary>Connects.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used, or no worker has ever connected to it.</exception>
    public static async Task<IBrokerControl> OpenAsync(BrokerAddress address, CancellationToken cancellation) =>
        new ClientControl(await ClientFaults.ExplainAsync(() => JobRunnerClient.ConnectAsync(
            address, new JobRunnerClientOptions { ClientName = "jobrunner", ReceivesResults = false }, cancellation)));

    public Task<WorkersReport?> AskStatusAsync(GetRunnerStatus request, CancellationToken cancellation) =>
        ClientFaults.ExplainAsync(() => _client.AskWorkersAsync(request, cancellation));

    public async Task<IReadOnlyList<RunnerStatus>> StopAsync(
        StopJob command, TimeSpan timeout, Action<StopJobReply> onReply, CancellationToken cancellation) =>
        (await ClientFaults.ExplainAsync(() => _client.StopAsync(command, timeout, onReply, cancellation))).Unanswered;

    public Task<WorkerStatus?> DrainAsync(string worker, string by, CancellationToken cancellation) =>
        ClientFaults.ExplainAsync(() => _client.DrainAsync(worker, by, cancellation));

    public Task RunChainAsync(JobChain chain, CancellationToken cancellation) => ClientFaults.ExplainAsync(async () =>
    {
        await _client.SubmitChainAsync(chain, cancellation);
        return true;
    });

    public Task StopChainAsync(string requestId, CancellationToken cancellation) => ClientFaults.ExplainAsync(() => _client.SendStopChainAsync(requestId, cancellation));

    public Task<IReadOnlyList<ChainsReport>?> AskChainsAsync(GetChains request, CancellationToken cancellation) =>
        ClientFaults.ExplainAsync(() => _client.AskChainsAsync(request, cancellation));

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}
