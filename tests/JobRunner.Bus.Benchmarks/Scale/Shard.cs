using JobRunner.Bus.Benchmarks.Broker;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>A virtual host: one queue of commands, workers of its own, and a scheduler that knows no other.</summary>
internal sealed class Shard : IAsyncDisposable
{
    private readonly Uri _broker;
    private readonly Func<Uri, Task<Child>> _newWorker;
    private readonly List<Child> _workers = [];

    private Shard(Uri broker, Func<Uri, Task<Child>> newWorker, Load load)
    {
        _broker = broker;
        _newWorker = newWorker;
        Load = load;
    }

    public string VirtualHost => _broker.AbsolutePath[1..];

    public IReadOnlyList<Child> Workers => _workers;

    public Load Load { get; }

    /// <summary>Has the queues made by a worker, at the node that this address is of: their leaders are there.</summary>
    public static async Task<Shard> OpenAsync(Uri broker, Func<Uri, Task<Child>>? newWorker = null)
    {
        await using var declaring = await WorkerAsync(broker, Rivals.Slots);
        await declaring.TerminateAsync();
        return new Shard(broker, newWorker ?? (uri => WorkerAsync(uri, Rivals.Slots)), await Load.OpenAsync(broker));
    }

    /// <summary>Starts workers until there are so many.</summary>
    public async Task HaveWorkersAsync(int count)
    {
        while (_workers.Count < count)
        {
            _workers.Add(await _newWorker(_broker));
        }
    }

    /// <summary>The real worker, as in the throughput part.</summary>
    public static Task<Child> WorkerAsync(Uri broker, int slots) => Child.WorkerAsync(broker, ("Worker__Roles", "Run"), ("Worker__Slots", $"{slots}"));

    public async ValueTask DisposeAsync()
    {
        await Load.DisposeAsync();
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }
}
