namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>A look that all pages share: one after another, every few seconds at most, and only while a page shows what it finds.</summary>
internal abstract class SharedLook<T>(TimeProvider time) : IDisposable
    where T : class
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private readonly SemaphoreSlim _one = new(1);
    private T? _found;
    private long _foundAt;

    /// <summary>The clock.</summary>
    protected TimeProvider Time => time;

    /// <summary>Whether somebody looks, or does something alone: a further look waits until that is over.</summary>
    public bool IsTaken => _one.CurrentCount == 0;

    /// <summary>How it is; what was found just now, if somebody has looked.</summary>
    public async Task<T> ReadAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_found is null || time.GetElapsedTime(_foundAt) >= Fresh)
            {
                _found = await LookAsync();
                _foundAt = time.GetTimestamp();
            }

            return _found;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Does something while nobody looks; the next look looks anew.</summary>
    public async Task<TResult> AloneAsync<TResult>(Func<Task<TResult>> change, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await change();
        }
        finally
        {
            _found = null;
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Looks; what goes wrong is found, too, and nothing is thrown.</summary>
    protected abstract Task<T> LookAsync();
}
