using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Gate;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>MassTransit's own redelivery, and a word about each log that ends with the process.</summary>
internal sealed class InMemoryLogDelay : ILogDelay
{
    private readonly ConcurrentDictionary<(string RequestId, string JobId, long Try), IDisposable> _kept = new();
    private readonly UnderWay _underWay;
    private readonly ILogger _logger;

    public InMemoryLogDelay(UnderWay underWay, ILogger<InMemoryLogDelay> logger)
    {
        (_underWay, _logger) = (underWay, logger);
        underWay.Ending.Register(() =>
        {
            foreach (var (requestId, jobId, number) in _kept.Keys)
            {
                _logger.LeftBehind(requestId, jobId, number);
            }
        });
    }

    public TimeSpan LongestHold => Timeout.InfiniteTimeSpan;

    public DeliveryHistory HistoryOf(ConsumeContext<JobLogRecorded> context)
    {
        if (_kept.TryRemove(KeyOf(context.Message), out var counted))
        {
            counted.Dispose();
        }

        return RedeliveryHeaders.Read(context.Headers.GetAll());
    }

    public Task KeepAsync(ConsumeContext<JobLogRecorded> context, TimeSpan delay, DeliveryHistory history)
    {
        _kept.TryAdd(KeyOf(context.Message), _underWay.Begin());
        return new DelayedMessageRedeliveryContext<JobLogRecorded>(context, RedeliveryOptions.None).ScheduleRedelivery(delay, (_, send) =>
        {
            // The history says more; with this header the policy would be asked once for each redelivery before.
            send.Headers.Set(MessageHeaders.RedeliveryCount, null);
            RedeliveryHeaders.Write(history, (name, value) => send.Headers.Set(name, value));
        });
    }

    public void LeftBehind(JobLogRecorded log) => _logger.LeftBehind(log.RequestId, log.JobId, log.Try);

    private static (string RequestId, string JobId, long Try) KeyOf(JobLogRecorded log) => (log.RequestId, log.JobId, log.Try);
}
