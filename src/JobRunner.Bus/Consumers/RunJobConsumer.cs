using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Refusals;
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
/// <see cref="JobFinished"/> is safe, or after the run is safe elsewhere. A command that is refused goes to the error queue.
/// </summary>
internal sealed class RunJobConsumer(RunDispatcher dispatcher, CommandRetry retry, DrainSignal drain, IOptions<WorkerOptions> options) : IConsumer<RunJob>
{
    public async Task Consume(ConsumeContext<RunJob> context)
    {
        var lost = context.CancellationToken;
        CommandRules.Require(context.Message, context.ReceiveContext.Body.Length ?? 0, options.Value);
        var delivery = DeliveryOf(context);
        using var span = MessageSpans.Process(context, Names.RunJob)
            .Of(delivery.Command.RequestId, delivery.Command.Job.Id, delivery.Command.Job.Type);
        try
        {
            // The run does not depend on its delivery: when that is lost, the run lives on and the next delivery joins it.
            await span.WatchAsync(() => dispatcher.RunAsync(delivery, lost));
        }
        catch (Exception error) when (error is not RefusedException)
        {
            lost.ThrowIfCancellationRequested();
            var goesBack = error is RunAbandonedException { InnerException: null } || (error is OperationCanceledException && drain.Begun.IsCancellationRequested);
            if (!goesBack || !CommandChannel.Requeue(context))
            {
                await retry.RetryAsync(delivery, error, lost);
            }
        }
    }

    private static CommandDelivery DeliveryOf(ConsumeContext<RunJob> context)
    {
        var command = context.Message;
        var sentAt = command.SentAt ?? context.Timestamp();
        // With the time in the command, its end and its next leg know it, too.
        return new CommandDelivery(command.SentAt == sentAt ? command : command with { SentAt = sentAt }, sentAt, context.Leg(), context.DueAt())
        {
            Redelivered = context.ReceiveContext.Redelivered || context.TextHeader(WorkerHeaders.DeliveredBefore) is not null,
            Failures = context.Failures(),
        };
    }
}
