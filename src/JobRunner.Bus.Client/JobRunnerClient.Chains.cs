using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <content>Chains, for workers of role Chain.</content>
public sealed partial class JobRunnerClient
{
    private const string NoChainsEver =
        "no worker of role Chain has ever connected to this broker: start one first (JobRunner__Worker__Roles=Run,Report,Chain jobrunner worker)";

    /// <summary>
    /// Hands a chain over; returns once the broker has it safely. From then on the chain needs this process no more: its end is published
    /// to the exchange <c>chain-finished</c>. A chain whose request id is known is not run again.
    /// </summary>
    /// <param name="chain">The chain, with the id of its request.</param>
    /// <param name="cancellationToken">Gives up; the chain may have been sent.</param>
    /// <exception cref="ArgumentException">The chain names no request.</exception>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or did not say so; or no worker of role Chain was ever there.</exception>
    public async Task SubmitChainAsync(JobChain chain, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(chain);
        ArgumentException.ThrowIfNullOrEmpty(chain.RequestId, "requestId");
        if (!await TalkAsync(talk => talk.SendAsync(Exchanges.RunChain, chain, cancellationToken), cancellationToken))
        {
            throw new JobRunnerClientException(NoChainsEver);
        }
    }

    /// <summary>Sends a stop of a chain and does not wait for what becomes of it; returns once the broker has it safely.</summary>
    /// <param name="requestId">Id of the request.</param>
    /// <param name="cancellationToken">Gives up; the stop may have been sent.</param>
    /// <returns>Whether there is a queue for it: no, if no worker of role Chain was ever there.</returns>
    /// <exception cref="JobRunnerClientException">The broker did not take it, or did not say so.</exception>
    public Task<bool> SendStopChainAsync(string requestId, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        return TalkAsync(talk => talk.SendAsync(Exchanges.StopChain, new StopChain { RequestId = requestId }, cancellationToken), cancellationToken);
    }

    /// <summary>Asks every worker of role Chain how chains stand. Several with one store give the same answer.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answers; <see langword="null"/> if no such worker is connected now.</returns>
    /// <exception cref="JobRunnerClientException">The broker could not be asked.</exception>
    public Task<IReadOnlyList<ChainsReport>?> AskChainsAsync(GetChains request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return TalkAsync(talk => talk.AskAsync(request, cancellationToken), cancellationToken);
    }

    private async Task<T> TalkAsync<T>(Func<ChainsTalk, Task<T>> talk, CancellationToken cancellationToken)
    {
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(() => talk(new ChainsTalk(session, _options.Time)), cancellationToken);
    }
}
