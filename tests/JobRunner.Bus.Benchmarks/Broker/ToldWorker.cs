using System.Diagnostics;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>A host with a worker whose jobs run until they are told to stop, and log when that was, by the machine's clock.</summary>
internal static class ToldWorker
{
    public const string JobType = "told";

    public static async Task RunAsync(string broker)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = "RabbitMq",
            ["JobRunner:RabbitMq:Uri"] = broker,
            ["JobRunner:Worker:Roles"] = "Run",
            ["JobRunner:Worker:Slots"] = "256",
        });
        builder.Logging.ClearProviders();
        builder.Services.AddJobRunner(builder.Configuration);
        builder.Services.AddJob<TellsWhen>(JobType);
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }

    private sealed class TellsWhen : IJob
    {
        public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            var told = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (stopToken.Register(() => told.TrySetResult(Stopwatch.GetTimestamp())))
            {
                return JobResult.Stopped() with { Stdout = $"{await told.Task}" };
            }
        }
    }
}
