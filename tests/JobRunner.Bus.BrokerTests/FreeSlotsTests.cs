using System.Globalization;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A worker with many slots, of which most are free.</summary>
public sealed class FreeSlotsTests(Broker broker, ITestOutputHelper output)
{
    private const int Slots = 10_000;
    private const int Jobs = 100;

    [Fact]
    public async Task A_command_wakes_nothing_for_the_slots_that_stay_free()
    {
        var uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = "RabbitMq",
            ["JobRunner:RabbitMq:Uri"] = uri.ToString(),
            ["JobRunner:Worker:Roles"] = "Run",
            ["JobRunner:Worker:Slots"] = Slots.ToString(CultureInfo.InvariantCulture),
        });
        builder.Logging.ClearProviders();
        builder.Services.AddJobRunner(builder.Configuration);
        builder.Services.AddBuiltInJobs();
        using var worker = builder.Build();
        await worker.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("it takes work", () => worker.Services.GetRequiredService<WorkerReadiness>().NotReady is null);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");

        // What the pool has done is of the whole process: other tests, too. A wake for each free slot would be far more.
        var before = ThreadPool.CompletedWorkItemCount;
        for (var number = 1; number <= Jobs; number++)
        {
            await client.SendAsync("run-job", $$"""{"requestId":"{{Stage.NewRequestId()}}","job":{"id":"{{number:x4}}","type":"noop"} }""");
            await Eventually.HoldsAsync("it has ended", () => ends.Count == number);
        }

        var forEach = (ThreadPool.CompletedWorkItemCount - before) / Jobs;
        output.WriteLine($"{forEach} work items of the pool for each command");
        Assert.InRange(forEach, 1, Slots / 2);
        await worker.StopAsync(TestContext.Current.CancellationToken);
    }
}
