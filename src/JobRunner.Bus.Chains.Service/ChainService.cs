using JobRunner.Bus.Chains.Service.Report;
using JobRunner.Bus.Chains.Service.Send;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service;

/// <summary>
/// Lets events happen to chains: one transaction in the store, then the messages that follow. An event that comes twice changes
/// nothing the second time. Messages that cannot be sent now are sent later by <see cref="Outbox"/>.
/// </summary>
internal sealed class ChainService(ChainStore store, ChainSender sender, ChainProgress progress, ILogger<ChainService> logger)
{
    /// <summary>Starts a chain; <see langword="false"/> if it is known already.</summary>
    /// <exception cref="RefusedException">The chain cannot be run.</exception>
    public Task<bool> RunAsync(JobChain chain, CancellationToken cancellationToken) =>
        AddAsync(new SuspendedJobChain { RequestId = chain.RequestId, JobChain = chain }, ChainCheck.Check(chain, out _), cancellationToken);

    /// <summary>Goes on with a suspended chain; <see langword="false"/> if it is known already.</summary>
    /// <exception cref="RefusedException">The chain cannot be run.</exception>
    public Task<bool> ResumeAsync(SuspendedJobChain suspended, CancellationToken cancellationToken)
    {
        var requestId = suspended.JobChain.RequestId.Length > 0 ? suspended.JobChain.RequestId : suspended.RequestId;
        return AddAsync(
            suspended with { RequestId = suspended.RequestId.Length > 0 ? suspended.RequestId : requestId, JobChain = suspended.JobChain with { RequestId = requestId } },
            SpinCycleCheck.CheckSuspended(suspended),
            cancellationToken);
    }

    /// <summary>
    /// Stops a chain. Once this returns the stop is with the broker: no job of the chain starts any more.
    /// </summary>
    /// <returns>Whether there is such a chain.</returns>
    public async Task<bool> StopAsync(string requestId, CancellationToken cancellationToken)
    {
        if (await store.ApplyAsync(requestId, ChainRules.Stop, cancellationToken) is not { } stopped)
        {
            ChainsLog.NothingToStop(logger, requestId);
            return false;
        }

        if (stopped.Effects.Count > 0)
        {
            ChainsLog.Stopping(logger, requestId, stopped.State.InFlight);
            await sender.SendAsync(stopped, cancellationToken);
            return true;
        }

        // Told before: by an instance that may have died before it sent the stop.
        foreach (var unsent in await store.UndoneAsync(requestId, cancellationToken))
        {
            await sender.SendAsync(unsent, cancellationToken);
        }

        return true;
    }

    /// <summary>Takes in the end of a job's run; one of another scheduler's jobs is none of ours.</summary>
    /// <param name="result">The end.</param>
    /// <param name="commandSentAt">When the command of that run says it was sent, if known.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task FinishAsync(JobFinished result, DateTimeOffset? commandSentAt, CancellationToken cancellationToken)
    {
        var finished = await store.ApplyAsync(result.RequestId, (chain, now) => ChainRules.Finish(chain, result, commandSentAt, now), cancellationToken);
        if (finished is { State.IsEnded: false })
        {
            progress.Note(result.RequestId);
        }

        await SendAsync(finished, cancellationToken);
    }

    /// <summary>A wait is over.</summary>
    public async Task DueAsync(ChainDue due, CancellationToken cancellationToken) =>
        await SendAsync(
            await store.ApplyAsync(due.RequestId, (chain, now) => ChainRules.Due(chain, due.JobId, due.SentAt, now), cancellationToken),
            cancellationToken);

    private async Task<bool> AddAsync(SuspendedJobChain definition, IReadOnlyList<string> broken, CancellationToken cancellationToken)
    {
        List<string> wrong = [.. ChainIds.Check(definition.JobChain), .. broken];
        if (definition.RequestId != definition.JobChain.RequestId)
        {
            wrong.Add($"requestId is \"{definition.RequestId}\", that of the chain \"{definition.JobChain.RequestId}\"");
        }

        if (wrong.Count > 0)
        {
            ChainsLog.Refused(logger, Reasons.Bounded(definition.RequestId), Reasons.Bounded(string.Join("; ", wrong)));
            throw new RefusedException(string.Join("; ", wrong));
        }

        ChainCheck.Check(definition.JobChain, out var next);
        var plan = ChainPlan.Of(definition.JobChain, next);
        if (await store.AddAsync(definition, plan, cancellationToken) is not { } added)
        {
            ChainsLog.KnownAlready(logger, definition.RequestId);
            return false;
        }

        ChainsLog.Started(logger, definition.RequestId, plan.Commands.Count);
        await SendAsync(added, cancellationToken);
        return true;
    }

    private async Task SendAsync(StoredChain? chain, CancellationToken cancellationToken)
    {
        if (chain is not { Effects.Count: > 0 })
        {
            return;
        }

        if (chain.State.IsEnded)
        {
            ChainsLog.Ended(logger, chain.State.RequestId, chain.State.State.ToSeedName(), chain.State.FinishedJobs, chain.State.Jobs.Count);
        }

        try
        {
            await sender.SendAsync(chain, cancellationToken);
        }
        catch (Exception error)
        {
            // The event is safe in the store, and so is what follows from it.
            ChainsLog.NotSent(logger, chain.State.RequestId, error.Message);
        }
    }
}
