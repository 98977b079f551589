using JobRunner.Bus.Contracts;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Accept;

/// <summary>
/// Takes one command. Its delivery is acknowledged when this returns: after the run has ended and its
/// <see cref="JobFinished"/> is safe, or after the run is safe elsewhere. On a broker commands are taken by
/// <see cref="Receive.CommandReceiver"/> instead.
/// </summary>
internal sealed class RunJobConsumer(RunDispatcher dispatcher, IOptions<WorkerOptions> options) : IConsumer<RunJob>
{
    public Task Consume(ConsumeContext<RunJob> context)
    {
        var command = context.Message;
        CommandRules.Require(command, context.ReceiveContext.Body.Length ?? 0, options.Value);
        var sentAt = command.SentAt ?? context.Timestamp();
        // A delivery that is lost (channel closed, consumer timeout) is let go of at once; the run does not depend on it.
        return dispatcher.RunAsync(
            new CommandDelivery(command, sentAt, context.Leg(), context.DueAt()) { Redelivered = context.ReceiveContext.Redelivered || context.TextHeader(WorkerHeaders.DeliveredBefore) is not null },
            context.CancellationToken);
    }
}
