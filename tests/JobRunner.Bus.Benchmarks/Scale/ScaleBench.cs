using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>How throughput and cost grow with workers, queues and brokers, what a million jobs a second would take, and what messages of 1 MB cost.</summary>
internal static class ScaleBench
{
    /// <param name="quick">With fewer points.</param>
    /// <param name="onlyLarge">Only the messages of 1 MB.</param>
    /// <returns>The exit code: 1 where a job was lost or repeated.</returns>
    public static async Task<int> RunAsync(bool quick, bool onlyLarge)
    {
        var (most, jobs, rounds) = quick ? (2, 10_000, 2) : (4, 20_000, 3);
        var watch = Stopwatch.StartNew();
        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {(quick ? "quick" : "full")}");
        try
        {
            List<Point> points;
            List<LargeRow> large;
            Occupancy alone, leader;
            await using (var node = await RabbitMqNode.StartAsync())
            {
                if (onlyLarge)
                {
                    Tables.Large(await LargeAsync(node));
                    return 0;
                }

                await using (var grid = await Grid.OpenAsync([node]))
                {
                    points = await grid.MeasureAsync(most, jobs, rounds, 6_000);
                    alone = grid.Occupancy;
                }

                Console.WriteLine($"one broker: {watch.Elapsed.TotalSeconds:f0} s");
                large = await LargeAsync(node);
                Console.WriteLine($"large messages: {watch.Elapsed.TotalSeconds:f0} s");
            }

            await using (var cluster = await RabbitMqCluster.StartAsync())
            {
                await using var grid = await Grid.OpenAsync(cluster.Nodes);
                points.AddRange(await grid.MeasureAsync(most, jobs / 2, rounds, 3_000));
                leader = grid.Occupancy;
            }

            Console.WriteLine($"cluster: {watch.Elapsed.TotalSeconds:f0} s");
            Print(points, alone, leader, large);
            return 0;
        }
        catch (Exception error) when (error is InvalidOperationException or TimeoutException)
        {
            Console.Error.WriteLine($"No figures: {error.Message}");
            return 1;
        }

        Task<List<LargeRow>> LargeAsync(RabbitMqNode node) => LargeMessages.MeasureAsync(node, quick ? 60 : 100, quick ? 2 : 6);
    }

    private static void Print(List<Point> points, Occupancy alone, Occupancy leader, List<LargeRow> large)
    {
        var model = Model.Of(points);
        var sizes = Sizes.Of(points);
        Tables.Points(points);
        Tables.Occupied(alone, leader);
        Tables.Syncs(alone, leader);
        Tables.Predicted(model, points);
        Tables.Million(model, alone, leader, sizes);
        Tables.Large(large);
        Dictionary<string, double> figures = new()
        {
            ["cpu_s_per_million"] = points.First(point => point.Nodes == 1).Cost.All,
            ["cpu_s_per_million_three_brokers"] = points.First(point => point.Nodes == 3).Cost.All,
            ["jobs_per_s"] = points.Where(point => point.Nodes == 1).Max(point => point.Cost.JobsPerSecond),
            ["jobs_per_s_three_brokers"] = points.Where(point => point.Nodes == 3).Max(point => point.Cost.JobsPerSecond),
            ["model_worst_error"] = points.Max(point =>
                Math.Abs(model.Running(point.Nodes, point.Cost.JobsPerSecond) - point.Cost.Running) / point.Cost.Running),
            ["large_data_ratio"] = large[0].Cost.JobsPerSecond / large[1].Cost.JobsPerSecond,
            ["large_stdout_ratio"] = large[2].Cost.JobsPerSecond / large[3].Cost.JobsPerSecond,
        };
        Console.WriteLine(
            "\n{" + string.Join(',', figures.Select(figure => $"\"{figure.Key}\":{figure.Value.ToString("0.###", CultureInfo.InvariantCulture)}")) + "}");
    }
}
