using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Chains.Service.Ask;

/// <summary>Tells how chains stand.</summary>
internal sealed class GetChainsConsumer(ChainStore store, ChainQuestions questions, IReplies replies, WorkerName worker, TimeProvider time) : IConsumer<GetChains>
{
    private const int Preset = 100;
    private const int Most = 10_000;

    // Whoever asks has given up then.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task Consume(ConsumeContext<GetChains> context)
    {
        if (context.ReplyTo() is not { } to)
        {
            return;
        }

        using var patience = new CancellationTokenSource(Patience, time);
        using var given = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, context.CancellationToken);
        try
        {
            await replies.SendAsync(to, new ChainsReport { Worker = worker.Value, Chains = await FindAsync(context.Message, given.Token) });
        }
        catch (Exception error) when (!context.CancellationToken.IsCancellationRequested)
        {
            await replies.SendAsync(to, new ChainsReport { Worker = worker.Value, Error = $"its store, {store.Name}, cannot be asked: {error.Message}" });
        }
    }

    private async Task<IReadOnlyList<ChainStatus>> FindAsync(GetChains asked, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(asked.RequestId))
        {
            return await questions.ListAsync(asked.Limit > 0 ? (int)Math.Min(asked.Limit, Most) : Preset, cancellationToken);
        }

        return await store.FindAsync(asked.RequestId, cancellationToken) is { } chain
            ? [chain.State.ToStatus(await questions.AddedAtAsync(asked.RequestId, cancellationToken))]
            : [];
    }
}
