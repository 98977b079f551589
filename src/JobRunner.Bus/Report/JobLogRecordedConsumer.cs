using JobRunner.Bus.Contracts;
using MassTransit;

namespace JobRunner.Bus.Report;

/// <summary>
/// Delivers one job log. What the store refuses for good, and what it did not take after its attempts, goes to the error
/// queue with the reason in a header: nothing is dropped.
/// </summary>
internal sealed class JobLogRecordedConsumer(IJobLogStore store) : IConsumer<JobLogRecorded>
{
    public Task Consume(ConsumeContext<JobLogRecorded> context) => store.PutAsync(context.Message, context.CancellationToken);
}
