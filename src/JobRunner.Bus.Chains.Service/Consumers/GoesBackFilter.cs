using System.Runtime.ExceptionServices;
using MassTransit;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>An event that was given up because this process ends goes back to its queue, not to the error queue.</summary>
internal sealed class GoesBackFilter : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is OperationCanceledException)
        {
            // Thrown on, it makes the bus return the delivery to its queue.
            ExceptionDispatchInfo.Throw(context.Exception);
        }

        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("goesBack");
}
