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
            ? [StatusOf(chain.State) with { AddedAt = await questions.AddedAtAsync(asked.RequestId, cancellationToken) }]
            : [];
    }

    private static ChainStatus StatusOf(ChainState chain) => new()
    {
        RequestId = chain.RequestId,
        State = chain.State,
        Stopping = chain is { IsStopping: true, IsEnded: false },
        EndedAt = chain.EndedAt,
        FinishedJobs = chain.FinishedJobs,
        TotalJobs = chain.Jobs.Count,
        Jobs =
        [
            .. chain.Jobs.Select((job, place) => new ChainJobStatus
            {
                Id = chain.Plan.JobAt(place).Id,
                Name = chain.Plan.JobAt(place).Name,
                Type = chain.Plan.JobAt(place).Type,
                State = job.State,
                Tries = job.TotalTries,
                SequenceTries = job.SequenceTries,
                After = [.. chain.Plan.Previous[place].Select(other => chain.Plan.JobAt(other).Id)],
                WaitsFor = job.State == JobState.Pending && !chain.IsEnded
                    ? [.. chain.Plan.Previous[place].Where(other => chain.Jobs[other].State != JobState.Complete).Select(other => chain.Plan.JobAt(other).Id)]
                    : [],
                DueAt = job.IsWaiting ? job.DueAt : null,
                Error = job.Error,
            }),
        ],
    };
}
