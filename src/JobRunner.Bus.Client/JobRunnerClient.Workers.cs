using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <content>What workers hold, and their drain.</content>
public sealed partial class JobRunnerClient
{
    /// <summary>Asks every worker what it holds. Takes half a second after the first answer, at most two.</summary>
    /// <param name="requestId">Only this request's jobs; <see langword="null"/> for all.</param>
    /// <param name="jobId">Only this job of the request; <see langword="null"/> for all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JobRunnerClientException">The broker could not be asked.</exception>
    public async Task<IReadOnlyList<RunnerStatus>> StatusAsync(
        string? requestId = null, string? jobId = null, CancellationToken cancellationToken = default) =>
        (await AskWorkersAsync(new GetRunnerStatus { RequestId = requestId, JobId = jobId, Summary = true }, cancellationToken))?.Runners ?? [];

    /// <summary>Asks every worker what it holds and, with <see cref="GetRunnerStatus.Summary"/>, how busy it is.</summary>
    /// <param name="request">What to ask for.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The answers; <see langword="null"/> if no worker is connected now.</returns>
    /// <exception cref="JobRunnerClientException">The broker could not be asked.</exception>
    public async Task<WorkersReport?> AskWorkersAsync(GetRunnerStatus request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(() => new WorkersTalk(session, _options.Time).AskAsync(request, cancellationToken), cancellationToken);
    }

    /// <summary>
    /// Tells one worker to take no more commands and to hand over what it runs, as on SIGTERM; it stays, answers, and takes no work until it
    /// is started again. Returns as soon as it has begun; asked again, the worker tells how many runs it still holds.
    /// </summary>
    /// <param name="worker">The worker's name, as <see cref="WorkerStatus.Worker"/> tells it.</param>
    /// <param name="by">Who wants it, for people to read.</param>
    /// <param name="cancellationToken">Gives up waiting; the worker may drain.</param>
    /// <returns>How it stands; <see langword="null"/> if no worker of that name that runs jobs is connected now.</returns>
    /// <exception cref="JobRunnerClientException">It could not be told, or does not answer; or no worker that can drain was ever there.</exception>
    public async Task<WorkerStatus?> DrainAsync(string worker, string? by = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(worker);
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(
            () => new WorkersTalk(session, _options.Time).DrainAsync(worker, new DrainWorker { By = by }, cancellationToken), cancellationToken);
    }
}
