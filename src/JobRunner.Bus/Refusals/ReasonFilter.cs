using MassTransit;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// Puts our own reason into the headers of a message on its way to the error queue. MassTransit would write that of the
/// innermost exception, which tells of the machinery, and of any length, which can break the frame limit.
/// </summary>
internal sealed class ReasonFilter : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        context.ExceptionHeaders.Set(MessageHeaders.FaultMessage, Reasons.Bounded(context.Exception.Message));
        if (context.ExceptionHeaders.TryGetHeader(MessageHeaders.FaultStackTrace, out var trace) && trace is string text)
        {
            context.ExceptionHeaders.Set(MessageHeaders.FaultStackTrace, Reasons.Bounded(text));
        }

        // MassTransit sends these on with the message.
        if (context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) && delivery.Properties.Headers is { Count: > 0 } sent)
        {
            HeaderRoom.Make(context.ExceptionHeaders, sent);
        }

        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("reason");
}
