using System.Text;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>A host with a worker whose jobs do nothing but leave much output, without a process for it.</summary>
internal static class TalkingWorker
{
    public const string JobType = "talk";

    public static async Task RunAsync(string broker, string slots, int bytes)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = "RabbitMq",
            ["JobRunner:RabbitMq:Uri"] = broker,
            ["JobRunner:Worker:Roles"] = "Run",
            ["JobRunner:Worker:Slots"] = slots,
        });
        builder.Logging.ClearProviders();
        builder.Services.AddJobRunner(builder.Configuration);
        builder.Services.AddSingleton(Task.FromResult(JobResult.Complete() with { Stdout = Text(bytes) }));
        builder.Services.AddJob<Talks>(JobType);
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }

    /// <summary>Output of that size, in lines.</summary>
    public static string Text(int bytes)
    {
        const string Line = "2026-11-24T10:00:00Z copied /var/lib/mysql/payments/orders.ibd, 1048576 bytes, no error, 12 ms left\n";
        var text = new StringBuilder(bytes + Line.Length);
        while (text.Length < bytes)
        {
            text.Append(Line);
        }

        return text.ToString(0, bytes);
    }

    private sealed class Talks(Task<JobResult> done) : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => done;
    }
}
