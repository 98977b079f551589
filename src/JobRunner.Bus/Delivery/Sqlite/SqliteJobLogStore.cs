using System.Threading.Channels;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>
/// Job logs in a local SQLite file. Any number of callers, stores and processes may share one file. Logs that are put
/// at the same time are written together.
/// </summary>
/// <remarks>
/// A log that was put survives the end of the process, however violent (kill -9). A power cut or a crash of the
/// operating system can lose the logs of the last moments, never damage the file (WAL, synchronous=NORMAL).
/// </remarks>
public sealed class SqliteJobLogStore : IJobLogStore, IJobLogReader, IAsyncDisposable, IDisposable
{
    private const int MaxBatch = 256;

    private readonly Channel<Pending> _queue =
        Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SqliteJobLogFile _file;
    private readonly Task _writing;

    /// <summary>A store on the file that the options name. The file is opened, and made if need be, at the first log.</summary>
    public SqliteJobLogStore(IOptions<JobLogStoreOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _file = new SqliteJobLogFile(options.Value.Path);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>The full path of the file.</summary>
    public string Path => _file.Path;

    /// <inheritdoc/>
    /// <exception cref="ObjectDisposedException">The store is disposed.</exception>
    public Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        var pending = new Pending(log, cancellationToken);
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(pending), this);
        return pending.Done.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<JobLogRecorded>> GetAsync(string requestId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requestId);
        return Task.Run(
            () => _file.Read(connection => JobLogOrder.Sort(JobLogTable.Read(connection, requestId)), []),
            cancellationToken);
    }

    /// <summary>The highest try number stored for a job of a request; 0 when there is none.</summary>
    /// <exception cref="RetryableDeliveryException">The file cannot be read.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    public Task<long> GetHighestTryAsync(string requestId, string jobId, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(requestId);
        ArgumentNullException.ThrowIfNull(jobId);
        return Task.Run(
            () => _file.Read(connection => JobLogTable.HighestTry(connection, requestId, jobId), 0),
            cancellationToken);
    }

    /// <summary>Writes what was put, then closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
    }

    /// <summary>Writes what was put, then closes the file.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _writing.GetAwaiter().GetResult();
    }

    private async Task WriteAsync()
    {
        using var writer = new SqliteJobLogWriter(_file);
        List<Pending> batch = [];
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaxBatch && _queue.Reader.TryRead(out var pending))
            {
                if (!pending.Cancellation.IsCancellationRequested)
                {
                    batch.Add(pending);
                }
            }

            if (batch.Count > 0)
            {
                Write(writer, batch);
            }
        }
    }

    private void Write(SqliteJobLogWriter writer, List<Pending> batch)
    {
        try
        {
            var outcomes = writer.Write([.. batch.Select(pending => pending.Log)]);
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Done.SetResult(outcomes[i]);
            }
        }
        catch (Exception error)
        {
            // Nothing of the batch was committed; whoever put a log hears it, and the loop goes on.
            foreach (var pending in batch)
            {
                pending.Done.TrySetException(SqliteFaults.IsFault(error) ? SqliteFaults.Explain(error, Path) : error);
            }
        }
    }

    private sealed record Pending(JobLogRecorded Log, CancellationToken Cancellation)
    {
        public TaskCompletionSource<DeliveryOutcome> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
