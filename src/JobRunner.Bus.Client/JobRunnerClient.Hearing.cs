using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <content>For who looks again and again.</content>
public sealed partial class JobRunnerClient
{
    /// <summary>Asks every worker, and hands over the answer of each as soon as it is whole: whoever looks on waits for no slow worker.</summary>
    /// <param name="request">What to ask for; a summary is asked for in any case.</param>
    /// <param name="listenFor">How long to ask and listen at least.</param>
    /// <param name="onWorker">Told one whole answer after another.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether any worker is connected now.</returns>
    /// <exception cref="JobRunnerClientException">The broker could not be asked.</exception>
    internal async Task<bool> HearWorkersAsync(
        GetRunnerStatus request, TimeSpan listenFor, Action<WorkerStatus, IReadOnlyList<RunnerStatus>> onWorker, CancellationToken cancellationToken)
    {
        var session = await _sessions.GetAsync(cancellationToken);
        return await GuardAsync(
            () => new WorkersTalk(session, _options.Time).HearAsync(request with { Summary = true }, listenFor, onWorker, cancellationToken), cancellationToken);
    }
}
