using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Chains.Service.Api;

/// <summary>What runs now of the chains, as every worker tells it.</summary>
internal sealed class RunningJobs(BrokerLink link, ChainQuestions questions, WorkerName worker, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private JobRunnerClient? _client;

    /// <summary>The jobs of one request, or of all.</summary>
    /// <remarks>
    /// Only of chains that are here: the Request Manager puts the ids of what it is told, as they are, into a question to its database.
    /// For the same reason none whose id could end a string there.
    /// </remarks>
    /// <exception cref="JobRunnerClientException">The workers cannot be asked.</exception>
    public async Task<IReadOnlyList<RunnerStatus>> FindAsync(string? requestId, CancellationToken cancellationToken)
    {
        var all = await (await ClientAsync(cancellationToken)).StatusAsync(string.IsNullOrEmpty(requestId) ? null : requestId, cancellationToken: cancellationToken);
        var known = await questions.KnownAsync([.. all.Select(job => job.RequestId).Distinct().Where(id => id.AsSpan().IndexOfAny("'\"\\`") < 0)], cancellationToken);
        return [.. all.Where(job => known.Contains(job.RequestId)).OrderBy(job => job.StartedAt)];
    }

    public async ValueTask DisposeAsync()
    {
        _turn.Dispose();
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    /// <summary>Connected when first asked: many instances never are.</summary>
    private async Task<JobRunnerClient> ClientAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            return _client ??= await JobRunnerClient.ConnectAsync(
                link.Address, new JobRunnerClientOptions { ClientName = $"jobrunner {worker} (status of jobs)", ReceivesResults = false, Time = time }, cancellationToken);
        }
        finally
        {
            _turn.Release();
        }
    }
}
