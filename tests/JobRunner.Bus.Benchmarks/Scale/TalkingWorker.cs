using System.Text;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>A host with a worker whose jobs do nothing but leave much output, without a process for it.</summary>
internal static class TalkingWorker
{
    public const string JobType = "talk";

    public static Task RunAsync(string broker, string slots, int bytes) => BenchWorker.RunAsync(broker, slots, builder =>
    {
        builder.Services.AddSingleton(Task.FromResult(JobResult.Complete() with { Stdout = Text(bytes) }));
        builder.Services.AddJob<Talks>(JobType);
    });

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
