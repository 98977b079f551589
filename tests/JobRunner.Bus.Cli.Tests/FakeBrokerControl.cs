using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Workers that answer what they are told to.</summary>
internal sealed class FakeBrokerControl : IBrokerControl
{
    public IReadOnlyList<RunnerStatus>? Statuses { get; set; } = [];

    public IReadOnlyList<WorkerStatus> Workers { get; init; } = [];

    public IReadOnlyList<StopJobReply> Replies { get; init; } = [];

    public IReadOnlyList<RunnerStatus> Unanswered { get; init; } = [];

    public Action? OnAsk { get; set; }

    public List<GetRunnerStatus> Asked { get; } = [];

    public List<(StopJob Command, TimeSpan Timeout)> Stops { get; } = [];

    public Task<WorkersReport?> AskStatusAsync(GetRunnerStatus request, CancellationToken cancellation)
    {
        Asked.Add(request);
        OnAsk?.Invoke();
        return Task.FromResult(Statuses is null ? null : new WorkersReport(Statuses, Workers));
    }

    public Task<IReadOnlyList<RunnerStatus>> StopAsync(
        StopJob command,
        TimeSpan timeout,
        Action<StopJobReply> onReply,
        CancellationToken cancellation)
    {
        Stops.Add((command, timeout));
        foreach (var reply in Replies)
        {
            onReply(reply);
        }

        return Task.FromResult(Unanswered);
    }

    public Queue<WorkerStatus?> Drains { get; init; } = [];

    public List<(string Worker, string By)> Drained { get; } = [];

    public Task<WorkerStatus?> DrainAsync(string worker, string by, CancellationToken cancellation)
    {
        Drained.Add((worker, by));
        OnAsk?.Invoke();
        return Task.FromResult(Drains.Dequeue());
    }

    public IReadOnlyList<ChainsReport>? Chains { get; set; }

    public List<JobChain> HandedOver { get; } = [];

    public List<string> StoppedChains { get; } = [];

    public Exception? StopChainError { get; init; }

    public List<GetChains> AskedForChains { get; } = [];

    public Task RunChainAsync(JobChain chain, CancellationToken cancellation)
    {
        HandedOver.Add(chain);
        return Task.CompletedTask;
    }

    public Task StopChainAsync(string requestId, CancellationToken cancellation)
    {
        StoppedChains.Add(requestId);
        return StopChainError is { } error ? Task.FromException(error) : Task.CompletedTask;
    }

    public Task<IReadOnlyList<ChainsReport>?> AskChainsAsync(GetChains request, CancellationToken cancellation)
    {
        AskedForChains.Add(request);
        OnAsk?.Invoke();
        return Task.FromResult(Chains);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
