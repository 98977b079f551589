using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>Talks to every worker of a broker.</summary>
internal interface IBrokerControl : IAsyncDisposable
{
    /// <summary>Asks every worker what it holds, until the answers cease.</summary>
    /// <returns>The answers; <see langword="null"/> if no worker listens now.</returns>
    /// <exception cref="SchedulerBusException">Nobody could be asked.</exception>
    Task<WorkersReport?> AskStatusAsync(GetRunnerStatus request, CancellationToken cancellation);

    /// <summary>Sends a stop and waits for the answer of every worker that holds a job it names.</summary>
    /// <param name="command">The stop.</param>
    /// <param name="timeout">How long to wait for jobs that take their time to stop.</param>
    /// <param name="onReply">Told every answer as it comes.</param>
    /// <param name="cancellation">Gives up waiting; the stop stays in force.</param>
    /// <returns>What was held, but has not answered.</returns>
    /// <exception cref="SchedulerBusException">The stop could not be sent.</exception>
    Task<IReadOnlyList<RunnerStatus>> StopAsync(
        StopJob command,
        TimeSpan timeout,
        Action<StopJobReply> onReply,
        CancellationToken cancellation);

    /// <summary>Tells one worker to drain, and hears how far it is.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="by">Who wants it.</param>
    /// <param name="cancellation">Gives up waiting; the worker may drain.</param>
    /// <returns>How it stands; <see langword="null"/> if no worker of that name that runs jobs is connected now.</returns>
    /// <exception cref="SchedulerBusException">It could not be told, or does not answer.</exception>
    Task<WorkerStatus?> DrainAsync(string worker, string by, CancellationToken cancellation);

    /// <summary>Hands a chain over to the workers of role Chain.</summary>
    /// <exception cref="SchedulerBusException">It could not be sent, or no such worker was ever there.</exception>
    Task RunChainAsync(JobChain chain, CancellationToken cancellation);

    /// <summary>Sends a stop of a chain; nothing happens where there are no chains.</summary>
    /// <exception cref="SchedulerBusException">It could not be sent.</exception>
    Task StopChainAsync(string requestId, CancellationToken cancellation);

    /// <summary>Asks every worker of role Chain how chains stand.</summary>
    /// <returns>The answers; <see langword="null"/> if none listens now.</returns>
    /// <exception cref="SchedulerBusException">Nobody could be asked.</exception>
    Task<IReadOnlyList<ChainsReport>?> AskChainsAsync(GetChains request, CancellationToken cancellation);
}
