using JobRunner.Bus.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>Keeps logs in their open deliveries, for the in-memory transport: nothing outlives the process there anyway.</summary>
internal sealed class InMemoryRedelivery(TimeProvider time, ILogger<InMemoryRedelivery> logger) : IRedelivery
{
    public TimeSpan LongestHold => Timeout.InfiniteTimeSpan;

    public DeliveryHistory HistoryOf(ConsumeContext context) => DeliveryHistory.None;

    public async Task<bool> PutOffAsync(ConsumeContext<JobLogRecorded> context, PutOff putOff, CancellationToken cancellationToken)
    {
        await Task.Delay(putOff.Delay, time, cancellationToken);
        return true;
    }

    public Task PutBackAsync(ConsumeContext<JobLogRecorded> context)
    {
        logger.LeftBehind(context.Message.RequestId, context.Message.JobId, context.Message.Try);
        return Task.CompletedTask;
    }
}
