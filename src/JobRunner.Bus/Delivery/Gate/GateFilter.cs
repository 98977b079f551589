using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Redeliver;
using MassTransit;
using MassTransit.Transports;

namespace JobRunner.Bus.Delivery.Gate;

/// <summary>Takes deliveries through the <see cref="DeliveryGate"/>; those that are under way when the worker ends go back to the queue.</summary>
internal sealed class GateFilter(DeliveryGate gate, UnderWay underWay, ILogDelay delay) : IFilter<ConsumeContext<JobLogRecorded>>
{
    public async Task Send(ConsumeContext<JobLogRecorded> context, IPipe<ConsumeContext<JobLogRecorded>> next)
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, underWay.Ending);
        try
        {
            await gate.RunAsync(() => next.Send(context), delay.LongestHold, wait.Token);
        }
        catch (Exception error) when (error is not PermanentDeliveryException && underWay.Ending.IsCancellationRequested)
        {
            // A delivery that is cancelled is neither acknowledged nor rejected: the broker has it again as the endpoint closes.
            delay.LeftBehind(context.Message);
            (context.ReceiveContext as BaseReceiveContext)?.Cancel();
            context.CancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("deliveryGate");
}
