using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>Takes in the end of a job, and starts what follows it.</summary>
internal sealed class ChainJobFinishedConsumer(ChainService chains, StorePatience patience) : IConsumer<JobFinished>
{
    public Task Consume(ConsumeContext<JobFinished> context)
    {
        DateTimeOffset? commandSentAt =
            long.TryParse(context.TextHeader(WorkerHeaders.CommandSentAt), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks)
            && ticks <= DateTimeOffset.MaxValue.Ticks
                ? new DateTimeOffset(ticks, TimeSpan.Zero)
                : null;
        return patience.RunAsync(context, token => chains.FinishAsync(context.Message, commandSentAt, token));
    }
}

internal sealed class ChainJobFinishedConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<ChainJobFinishedConsumer, JobFinished>(ChainNames.JobFinished, options);
