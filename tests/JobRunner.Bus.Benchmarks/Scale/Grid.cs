using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>One number of queues with one number of workers for each.</summary>
internal sealed record Point(int Nodes, int Queues, int WorkersEach, Cost Cost);

/// <summary>Throughput and cost for every number of workers and queues, on one broker or a cluster.</summary>
internal sealed class Grid : IAsyncDisposable
{
    private static readonly int[] Counts = [1, 2, 4];

    private readonly IReadOnlyList<RabbitMqNode> _nodes;
    private readonly Meter _meter;
    private readonly List<Shard> _shards = [];

    private Grid(IReadOnlyList<RabbitMqNode> nodes, Meter meter) => (_nodes, _meter) = (nodes, meter);

    public static async Task<Grid> OpenAsync(IReadOnlyList<RabbitMqNode> nodes) => new(nodes, await Meter.OfAsync(nodes));

    /// <summary>What one worker and one queue do to the broker's processes; there once the points are measured.</summary>
    public Occupancy Occupancy { get; private set; } = Occupancy.None;

    /// <summary>Measures all points up to these.</summary>
    /// <param name="most">Most queues, and most workers for each.</param>
    /// <param name="jobs">Jobs of a run, over all queues.</param>
    /// <param name="rounds">Runs of each point.</param>
    /// <param name="warmUp">Jobs for each worker before it counts.</param>
    /// <exception cref="InvalidOperationException">A job was lost or repeated.</exception>
    public async Task<List<Point>> MeasureAsync(int most, int jobs, int rounds, int warmUp)
    {
        List<Point> points = [];
        foreach (var workers in Counts.Where(count => count <= most))
        {
            await GrowAsync(most, workers, warmUp);
            var runs = Counts.Where(count => count <= most).ToDictionary(queues => queues, _ => new List<Cost>());
            // The numbers of queues take turns, so that what disturbs one disturbs all.
            for (var round = 0; round < rounds; round++)
            {
                foreach (var (queues, costs) in runs)
                {
                    costs.Add(await new Run(_shards[..queues], jobs / queues).MeasureAsync(_meter));
                }
            }

            if (workers == 1)
            {
                Occupancy = await WatchAsync(2 * jobs, TimeSpan.FromSeconds(2));
            }

            points.AddRange(runs.Select(run => new Point(_nodes.Count, run.Key, workers, Cost.Median(run.Value))));
        }

        return points;
    }

    private async Task<Occupancy> WatchAsync(int jobs, TimeSpan window)
    {
        var watched = Task.FromResult(Occupancy.None);
        await new Run(_shards[..1], jobs)
        {
            WhenSent = async () =>
            {
                watched = Occupancy.WatchAsync(_nodes[0], _shards[0].VirtualHost, window);
                // The watch takes its time to start, and then waits for the first ends.
                await Task.Delay(TimeSpan.FromSeconds(3));
            },
        }.MeasureAsync(_meter);
        return await watched;
    }

    private async Task GrowAsync(int queues, int workers, int warmUp)
    {
        while (_shards.Count < queues)
        {
            // In a cluster the queues of one virtual host are led by one node, and the virtual hosts take turns.
            var node = _nodes[_shards.Count % _nodes.Count];
            _shards.Add(await Shard.OpenAsync(node.UriOf(await node.NewVirtualHostAsync())));
        }

        foreach (var shard in _shards)
        {
            var added = workers - shard.Workers.Count;
            await shard.HaveWorkersAsync(workers);
            await new Run([shard], warmUp * added).MeasureAsync(_meter);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards)
        {
            await shard.DisposeAsync();
        }

        _meter.Dispose();
    }
}
