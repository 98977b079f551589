using System.Runtime.ExceptionServices;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;
using MassTransit;

namespace JobRunner.Bus.Refusals;

/// <summary><see cref="RefusalNotes"/> on the way to an error queue of MassTransit's.</summary>
internal sealed class TellSchedulerFilter(RefusalNotes notes) : IFilter<ExceptionReceiveContext>
{
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is GivenBackException)
        {
            // Thrown on, it makes the bus return the delivery to its queue.
            ExceptionDispatchInfo.Throw(context.Exception);
        }

        using var span = MessageSpans.Refuse(context);
        await notes.TellAsync(context.Body.GetBytes(), WireEnvelope.Is(context.ContentType?.MediaType), context.Exception);
        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("tellScheduler");
}
