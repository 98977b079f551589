using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>
/// Keeps logs in the broker. They come straight back to the queue <c>job-log-recorded</c>: its exchange would write them to the journal
/// once more.
/// </summary>
internal sealed class BrokerLogDelay(BrokerDelay delays) : ILogDelay
{
    /// <inheritdoc/>
    /// <remarks>Brokers take back what is held for 30 minutes, and what is prefetched waits behind what is held.</remarks>
    public TimeSpan LongestHold { get; } = TimeSpan.FromMinutes(5);

    public DeliveryHistory HistoryOf(ConsumeContext<JobLogRecorded> context) => RedeliveryHeaders.Read(context.ReceiveContext.TransportHeaders.GetAll());

    public Task KeepAsync(ConsumeContext<JobLogRecorded> context, TimeSpan delay, DeliveryHistory history) =>
        delays.KeepAsync(context, BrokerTopology.DelayQueue(delay), history);

    public void LeftBehind(JobLogRecorded log)
    {
        // The broker has it.
    }
}
