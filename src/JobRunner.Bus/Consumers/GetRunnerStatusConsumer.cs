using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Consumers;

/// <summary>Answers with one message per runner held here, or many in one where the asker reads that; a worker that holds none stays silent, unless asked for a summary.</summary>
internal sealed class GetRunnerStatusConsumer(OwnStatus own, IReplies replies) : IConsumer<GetRunnerStatus>
{
    private const int MostTogether = 250;

    // In characters of what jobs say of themselves, at any length: the broker must take the message.
    private const int LongestTogether = 1_000_000;

    public async Task Consume(ConsumeContext<GetRunnerStatus> context)
    {
        if (context.ReplyTo() is not { } to)
        {
            return;
        }

        var asked = context.Message;
        foreach (var some in own.Runs(asked.RequestId, asked.JobId).Chunk(MostTogether))
        {
            if (asked.Together && some.Sum(run => run.Status?.Length ?? 0) < LongestTogether)
            {
                await replies.SendAsync(to, new RunnerStatuses { Runners = some });
                continue;
            }

            foreach (var run in some)
            {
                await replies.SendAsync(to, run);
            }
        }

        if (asked.Summary)
        {
            await replies.SendAsync(to, own.Summary());
        }
    }
}
