using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Watch;

namespace JobRunner.Bus.Dashboard.Pages;

/// <summary>What an open page knows of a request. Used on the page's own thread of rendering.</summary>
/// <param name="id">The request.</param>
/// <param name="source">Who knows its chain and its logs.</param>
/// <param name="time">The clock.</param>
/// <param name="changed">Draws the page.</param>
internal sealed class RequestView(string id, ISource source, TimeProvider time, Action changed) : IDisposable
{
    // A try that ends has a log; but tries may end faster than anybody reads.
    private static readonly TimeSpan ReadEvery = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _left = new();
    private bool _asking;
    private long _readAt;
    private int _readFor;

    /// <summary>The request.</summary>
    public string Id => id;

    /// <summary>Its runs on all workers, the oldest first; <see langword="null"/> while they are not known.</summary>
    public IReadOnlyList<RunnerStatus>? Runs { get; private set; }

    /// <summary>What is known of its chain; absent until somebody told.</summary>
    public ChainsFound? Chains { get; private set; }

    /// <summary>Its chain, where one is known.</summary>
    public ChainStatus? Chain => Chains?.Chains.FirstOrDefault(chain => chain.RequestId == id);

    /// <summary>Its tries; absent until they were read.</summary>
    public LogsFound? Logs { get; private set; }

    /// <summary>Whether its logs are being read.</summary>
    public bool IsReading { get; private set; }

    /// <summary>There is a new picture.</summary>
    public void Take(Picture picture)
    {
        if (_left.IsCancellationRequested)
        {
            return;
        }

        Runs = picture.Runs is { } all ? [.. all.Where(run => run.RequestId == id).OrderBy(run => run.StartedAt).ThenBy(run => run.JobId, StringComparer.Ordinal)] : null;
        if (!_asking)
        {
            _asking = true;
            _ = AskAsync();
        }

        if (!IsReading && (Logs is null || (picture.Trouble is null && Standing(picture) != _readFor && time.GetElapsedTime(_readAt) >= ReadEvery)))
        {
            _ = ReadAsync(picture);
        }
    }

    /// <summary>Reads the logs again.</summary>
    public async Task ReadAsync(Picture picture)
    {
        IsReading = true;
        _readFor = Standing(picture);
        _readAt = time.GetTimestamp();
        try
        {
            Logs = await source.LogsAsync(id, _left.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            IsReading = false;
        }

        changed();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
    }

    private async Task AskAsync()
    {
        try
        {
            Chains = await source.ChainsAsync(id, _left.Token);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        finally
        {
            _asking = false;
        }

        changed();
    }

    /// <summary>How far it is: differs once a try has begun or ended, and when the broker is back.</summary>
    private int Standing(Picture picture)
    {
        var standing = new HashCode();
        standing.Add(picture.Trouble);
        foreach (var run in Runs ?? [])
        {
            standing.Add((run.JobId, run.Try, run.Sleeping, run.State));
        }

        foreach (var job in Chain?.Jobs ?? [])
        {
            standing.Add((job.Id, job.State, job.Tries));
        }

        return standing.ToHashCode();
    }
}
