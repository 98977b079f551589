using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>From the end of a job to the start of its successor, as their logs tell: one chain at a time, beside <c>submit --wait</c>.</summary>
internal static class Pause
{
    private const int Jobs = 200;

    public static async Task MeasureAsync(RabbitMqNode node, PrivateServer server, int rounds, Dictionary<string, double> figures)
    {
        foreach (var instances in new[] { 1, 3, 0 })
        {
            // Without an instance nobody makes what the load listens to; submit --wait needs none, and uses none.
            await using var stage = await Stage.OpenAsync(node, server, Math.Max(1, instances));
            var logs = new Logs();
            await Broker.Consumers.ConsumeAsync(stage.Load.Channel, "job-log-recorded", autoAck: true, (_, body) => logs.Take(body));
            List<double> pauses = [];

            // The first round warms up.
            for (var round = 0; round <= rounds; round++)
            {
                logs.Clear();
                var chain = Shapes.Line(ChainsBench.NewId(), Jobs);
                if (instances > 0)
                {
                    await stage.Load.RunAsync([chain]);
                    await logs.All.WaitAsync(TimeSpan.FromMinutes(1));
                }
                else
                {
                    await SubmitAsync(stage, chain, logs);
                }

                pauses.AddRange(round > 0 ? logs.Pauses() : []);
            }

            pauses.Sort();
            var (name, what) = instances > 0 ? ($"chain_{instances}", $"role Chain, {instances} instances, PostgreSQL") : ("submit_wait", "submit --wait");
            var (p50, p99) = (figures[$"{name}_pause_p50_ms"], figures[$"{name}_pause_p99_ms"]) = (Statistics.Percentile(pauses, 0.5), Statistics.Percentile(pauses, 0.99));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"End of a job to the start of the next, {what}: p50 {p50:f2} ms, p99 {p99:f2} ms ({pauses.Count} pauses)"));
        }
    }

    private static async Task SubmitAsync(Stage stage, byte[] chain, Logs logs)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, chain);
            var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "jobrunner.dll"), "submit", "--wait", "--json", "--broker", stage.Broker.ToString(), file]);
            await using var submit = await Child.StartAsync(start, "COMPLETE");
            await logs.All.WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>When the jobs of one chain began and ended.</summary>
    private sealed class Logs
    {
        private readonly SortedDictionary<string, (long Started, long Finished)> _jobs = new(StringComparer.Ordinal);
        private TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task All => _all.Task;

        public void Clear()
        {
            _jobs.Clear();
            _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        public void Take(ReadOnlyMemory<byte> body)
        {
            var log = JsonNode.Parse(body.Span)!;
            _jobs[(string)log["jobId"]!] = ((long)log["startedAt"]!, (long)log["finishedAt"]!);
            if (_jobs.Count == Jobs)
            {
                _all.TrySetResult();
            }
        }

        public IEnumerable<double> Pauses() =>
            _jobs.Values.Zip(_jobs.Values.Skip(1), (job, next) => (next.Started - job.Finished) / 1e6);
    }
}
