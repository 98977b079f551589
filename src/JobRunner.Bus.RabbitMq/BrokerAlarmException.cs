namespace JobRunner.Bus.RabbitMq;

/// <summary>The broker has an alarm, and has not taken a message for as long as was waited.</summary>
/// <param name="reason">The broker's own words.</param>
internal sealed class BrokerAlarmException(string reason) : IOException($"the broker has an alarm ({reason})")
{
    public string Reason => reason;
}
