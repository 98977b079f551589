using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Consumers;

/// <summary>Begins this worker's drain, and answers how far it is: at once, and again whenever it is told again.</summary>
internal sealed class DrainWorkerConsumer(WorkerIntake intake, OwnStatus own, IReplies replies) : IConsumer<DrainWorker>
{
    public async Task Consume(ConsumeContext<DrainWorker> context)
    {
        intake.Drain(context.Message.By);
        if (context.ReplyTo() is { } to)
        {
            await replies.SendAsync(to, own.Summary());
        }
    }
}
