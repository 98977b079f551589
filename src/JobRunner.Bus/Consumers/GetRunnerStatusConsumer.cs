using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Consumers;

/// <summary>Answers with one message per runner held here; a worker that holds none stays silent, unless asked for a summary.</summary>
internal sealed class GetRunnerStatusConsumer(OwnStatus own, IReplies replies) : IConsumer<GetRunnerStatus>
{
    // One after another, each would wait for the broker's confirm of the one before it. All at once would hold up what else is told.
    private const int AtOnce = 250;

    public async Task Consume(ConsumeContext<GetRunnerStatus> context)
    {
        if (context.ReplyTo() is not { } to)
        {
            return;
        }

        var asked = context.Message;
        foreach (var runs in own.Runs(asked.RequestId, asked.JobId).Chunk(AtOnce))
        {
            await Task.WhenAll(runs.Select(run => replies.SendAsync(to, run)));
        }

        if (asked.Summary)
        {
            await replies.SendAsync(to, own.Summary());
        }
    }
}
