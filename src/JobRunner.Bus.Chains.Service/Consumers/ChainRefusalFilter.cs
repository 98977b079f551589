using JobRunner.Bus.Chains.Service.Send;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>
/// Tells the sender of a refused chain, which is in the error queue, that it has failed and why; where the chain says whose it is. Not
/// where there is a chain of that request: it must not seem to have ended.
/// </summary>
internal sealed class ChainRefusalFilter(ChainQuestions questions, ChainSender sender, UntilAccepted until, TimeProvider time, ILogger<ChainRefusalFilter> logger)
    : IFilter<ExceptionReceiveContext>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        var requestId = PartialCommand.Read(context.Body.GetBytes(), WireEnvelope.Is(context.ContentType?.MediaType)).RequestId;
        if (requestId.Length == 0)
        {
            return;
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            if (!ChainIds.IsGood(requestId) || (await questions.KnownAsync([requestId], patience.Token)).Count == 0)
            {
                var end = new ChainFinished { RequestId = requestId, State = JobState.Fail, FinishedAt = time.GetUtcNow(), Error = Reasons.Bounded(context.Exception.Message) };
                await until.RunAsync("the end of a refused chain", token => sender.TellAsync(end, token), patience.Token);
            }
        }
        catch (Exception error) when (!context.CancellationToken.IsCancellationRequested)
        {
            // The chain is in the error queue, for a person.
            ChainsLog.RefusalNotTold(logger, Reasons.Bounded(requestId), error.Message);
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("chainRefusal");
}
