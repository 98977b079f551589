using MassTransit;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>How one delivery is redelivered, should it fail: MassTransit's redelivery asks for the delay, then has it kept.</summary>
internal interface IRedelivery : MessageRedeliveryContext
{
    /// <summary>The delay after a failure; none when it has been redelivered for long enough and goes to the error queue.</summary>
    TimeSpan? DelayAfter(Exception error);
}
