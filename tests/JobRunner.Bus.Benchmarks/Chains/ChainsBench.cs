using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>
/// What the chain service does: chains a second by store and instances, large chains, the pause between two jobs, and many chains that run.
/// With words after the options only those parts: throughput large pause many; and only those stores: postgresql mariadb sqlite.
/// </summary>
internal static class ChainsBench
{
    private const int Jobs = 5;

    private static int _count;

    /// <returns>The exit code: 1 where a chain did not end well.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var quick = arguments.Contains("--quick");
        var only = arguments.Where(argument => !argument.StartsWith('-')).ToHashSet(StringComparer.Ordinal);
        Console.WriteLine($"{Environment.ProcessorCount} cores, RabbitMQ {await RabbitMqNode.VersionAsync()}, .NET {Environment.Version}, {(quick ? "quick" : "full")}");
        var figures = new Dictionary<string, double>();
        try
        {
            await using var node = await RabbitMqNode.StartAsync();
            await using var postgres = new PostgreSqlServer();
            await postgres.InstallAndStartAsync();
            if (Wanted("throughput"))
            {
                await using var maria = new MariaDbServer();
                await maria.InstallAndStartAsync();
                await ThroughputAsync(node, Cases((postgres, 1), (postgres, 3), (maria, 1), (maria, 3), (null, 1)), quick, figures);
            }

            if (Wanted("large"))
            {
                await LargeAsync(node, Cases((postgres, 3), (null, 1)), quick ? 1_000 : 10_000, figures);
            }

            if (Wanted("pause"))
            {
                await Pause.MeasureAsync(node, postgres, quick ? 3 : 10, figures);
            }

            if (Wanted("many"))
            {
                await ManyChains.MeasureAsync(node, postgres, Jobs, quick ? 10_000 : 100_000, figures);
            }
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine($"No figures: {error.Message}");
            return 1;
        }

        Console.WriteLine(
            "{" + string.Join(',', figures.Select(figure => $"\"{figure.Key}\":{figure.Value.ToString("0.###", CultureInfo.InvariantCulture)}")) + "}");
        return 0;

        bool Wanted(string part) => !only.Overlaps(["throughput", "large", "pause", "many"]) || only.Contains(part);

        IEnumerable<(PrivateServer? Server, int Instances)> Cases(params (PrivateServer? Server, int Instances)[] cases) =>
            cases.Where(one => !only.Overlaps(["postgresql", "mariadb", "sqlite"]) || only.Contains(Store(one.Server)));
    }

    /// <summary>An id that no chain has had.</summary>
    public static string NewId() => $"chain{Interlocked.Increment(ref _count):d15}";

    private static async Task ThroughputAsync(
        RabbitMqNode node, IEnumerable<(PrivateServer? Server, int Instances)> cases, bool quick, Dictionary<string, double> figures)
    {
        var (rounds, chains) = quick ? (2, 1_000) : (3, 3_000);
        Console.WriteLine($"{rounds} rounds of {chains} chains of {Jobs} jobs in a line, all sent at once; processor time in ms for each chain");
        Console.WriteLine("| store | instances | chains/s | jobs/s | instances + worker + broker + store + sender | cores busy |");
        Console.WriteLine("| --- | --- | --- | --- | --- | --- |");
        foreach (var (server, instances) in cases)
        {
            await using var stage = await Stage.OpenAsync(node, server, instances);
            await stage.Load.RunAsync(Lines(chains / 2));
            List<(double Rate, ProcessorTime Used, double Cores)> runs = [];
            for (var round = 0; round < rounds; round++)
            {
                var before = await ProcessorTime.ReadAsync(stage, node, server);
                var watch = Stopwatch.StartNew();
                await stage.Load.RunAsync(Lines(chains));
                var took = watch.Elapsed;
                var used = (await ProcessorTime.ReadAsync(stage, node, server)).Since(before);
                runs.Add((chains / took.TotalSeconds, used, used.All / took));
            }

            var (rate, middle, cores) = runs.OrderBy(run => run.Rate).ElementAt(rounds / 2);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {Store(server)} | {instances} | {rate:f0} | {rate * Jobs:f0} | {Each(middle.Instances)} + {Each(middle.Worker)} + {Each(middle.Broker)} + {Each(middle.Store)} + {Each(middle.Sender)} | {cores:f2} |"));
            figures[$"{Store(server)}_{instances}_chains_per_s"] = rate;
        }

        string Each(TimeSpan used) => (used.TotalMilliseconds / chains).ToString("f2", CultureInfo.InvariantCulture);

        List<byte[]> Lines(int count) => [.. Enumerable.Range(0, count).Select(_ => Shapes.Line(NewId(), Jobs))];
    }

    private static async Task LargeAsync(RabbitMqNode node, IEnumerable<(PrivateServer? Server, int Instances)> cases, int jobs, Dictionary<string, double> figures)
    {
        foreach (var (server, instances) in cases)
        {
            await using var stage = await Stage.OpenAsync(node, server, instances);
            await stage.Load.RunAsync([Shapes.Line(NewId(), 200)]);
            foreach (var (name, chain) in new[] { ("line", Shapes.Line(NewId(), jobs)), ("wide", Shapes.Wide(NewId(), jobs)), ("fan_out", Shapes.Wide(NewId(), 1_002)) })
            {
                var watch = Stopwatch.StartNew();
                await stage.Load.RunAsync([chain]);
                figures[$"{Store(server)}_{name}_s"] = watch.Elapsed.TotalSeconds;
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"One chain, {name}, {(name == "fan_out" ? 1_002 : jobs)} jobs, {chain.Length:#,0} bytes, {Store(server)}, {instances} instances: {watch.Elapsed.TotalSeconds:f1} s"));
            }
        }
    }

    private static string Store(PrivateServer? server) => server switch { PostgreSqlServer => "postgresql", MariaDbServer => "mariadb", _ => "sqlite" };
}
