using JobRunner.Bus.Contracts;
using MassTransit;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>Keeps job logs until they are delivered again: in the broker, or in memory where the bus ends with the process.</summary>
internal interface ILogDelay
{
    /// <summary>How long a delivery may be held open while the store is down: brokers take back what is held too long.</summary>
    TimeSpan LongestHold { get; }

    /// <summary>What is known of a log's deliveries so far.</summary>
    DeliveryHistory HistoryOf(ConsumeContext<JobLogRecorded> context);

    /// <summary>Keeps a log for a time, with this history. Returns once it is safe.</summary>
    Task KeepAsync(ConsumeContext<JobLogRecorded> context, TimeSpan delay, DeliveryHistory history);

    /// <summary>This worker ends before the log is stored.</summary>
    void LeftBehind(JobLogRecorded log);
}
