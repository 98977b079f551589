using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

/// <summary>Answers with one message per runner held here; a worker that holds none stays silent, unless asked for a summary.</summary>
internal sealed class GetRunnerStatusConsumer(
    RunnerRepo repo, IReplies replies, TrySlots slots, WorkerName worker, IOptions<WorkerOptions> options, WorkerReadiness readiness) : IConsumer<GetRunnerStatus>
{
    private static readonly string? Version = typeof(GetRunnerStatusConsumer).Assembly.GetName().Version?.ToString(3);

    public async Task Consume(ConsumeContext<GetRunnerStatus> context)
    {
        if (context.ReplyTo() is not { } to)
        {
            return;
        }

        var asked = context.Message;
        var runners = string.IsNullOrEmpty(asked.RequestId) ? repo.Items() : repo.Find(asked.RequestId, asked.JobId);
        foreach (var runner in runners)
        {
            await replies.SendAsync(to, runner.Status() with { Worker = worker.Value });
        }

        if (asked.Summary)
        {
            await replies.SendAsync(to, new WorkerStatus
            {
                Worker = worker.Value,
                Runners = repo.Items().Count,
                Slots = slots.Count,
                SlotsInUse = slots.InUse,
                Roles = options.Value.Roles.ToString().Replace(" ", "", StringComparison.Ordinal),
                Version = Version,
                StartedAt = (worker.StartedAt - DateTimeOffset.UnixEpoch).Ticks * 100,
                NotReady = readiness.NotReady,
            });
        }
    }
}
