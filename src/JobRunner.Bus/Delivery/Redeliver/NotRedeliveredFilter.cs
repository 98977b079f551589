using System.Runtime.ExceptionServices;
using MassTransit;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>A log that could not be kept for its redelivery is no matter for a person: thrown on, the error makes the bus return it to its queue.</summary>
internal sealed class NotRedeliveredFilter : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is TransportException)
        {
            ExceptionDispatchInfo.Throw(context.Exception);
        }

        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("notRedelivered");
}
