using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Takes one command. Its delivery is acknowledged when this returns: after the run has ended and its
/// <see cref="JobFinished"/> is safe, or after the run is safe elsewhere. On a broker commands are taken by
/// <see cref="Receive.CommandReceiver"/> instead.
/// </summary>
internal sealed class RunJobConsumer(RunDispatcher dispatcher, IOptions<WorkerOptions> options) : IConsumer<RunJob>
{
    public async Task Consume(ConsumeContext<RunJob> context)
    {
        var command = context.Message;
        CommandRules.Require(command, context.ReceiveContext.Body.Length ?? 0, options.Value);
        using var span = MessageSpans.Process(context, Names.RunJob).Of(command.RequestId, command.Job.Id, command.Job.Type);
        var sentAt = command.SentAt ?? context.Timestamp();
        var redelivered = context.ReceiveContext.Redelivered || context.TextHeader(WorkerHeaders.DeliveredBefore) is not null;
        var delivery = new CommandDelivery(command, sentAt, context.Leg(), context.DueAt()) { Redelivered = redelivered, WasRedelivered = redelivered };
        // A delivery that is lost (channel closed, consumer timeout) is let go of at once; the run does not depend on it.
        await span.WatchAsync(() => dispatcher.RunAsync(delivery, context.CancellationToken));
    }
}
