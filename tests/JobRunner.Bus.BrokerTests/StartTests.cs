using System.Globalization;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

public sealed class StartTests(ITestOutputHelper output)
{
    private const int AtOnce = 4;

    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("JOBRUNNER_START_KILLS") ?? "2", CultureInfo.InvariantCulture);

    private static readonly int Seed = int.Parse(
        Environment.GetEnvironmentVariable("JOBRUNNER_START_SEED") ?? $"{Random.Shared.Next(1_000_000)}", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Workers_that_are_starting_as_their_broker_is_killed_take_work_once_it_is_back()
    {
        output.WriteLine($"seed {Seed}, {Kills} kills");
        var random = new Random(Seed);
        await using var node = await RabbitMqNode.StartAsync();
        await using (await WorkerProcess.StartAsync(node.UriOf("/"), Settings(node)))
        {
            await RabbitMqNode.StreamsOutliveAKillAsync();
        }

        for (var kill = 0; kill < Kills; kill++)
        {
            var workers = new List<WorkerProcess>();
            try
            {
                for (var worker = 0; worker < AtOnce; worker++)
                {
                    workers.Add(WorkerProcess.Start(["worker"], Settings(node)));
                    await Task.Delay(random.Next(200, 600), TestContext.Current.CancellationToken);
                }

                await node.KillAsync();
                await Task.Delay(random.Next(2000), TestContext.Current.CancellationToken);
                await node.StartServerAsync();
                foreach (var worker in workers)
                {
                    await Eventually.HoldsAsync(
                        () => $"worker {workers.IndexOf(worker)} takes work after kill {kill}; it said:\n{worker.Output}", () => worker.Output.Contains("takes work", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
                }
            }
            finally
            {
                foreach (var worker in workers)
                {
                    await worker.DisposeAsync();
                }
            }
        }
    }

    private static Dictionary<string, string> Settings(RabbitMqNode node) => new()
    {
        ["JobRunner__Transport"] = "RabbitMq",
        ["JobRunner__RabbitMq__Uri"] = node.UriOf("/").ToString(),
        ["JobRunner__Worker__Lease"] = "3s",
        ["JobRunner__RequestManager__BaseUrl"] = "http://127.0.0.1:1/",
    };
}
