namespace JobRunner.Bus.Stops;

/// <summary>
/// Legs to be noted as settled, many with one note: what comes while a note is written goes into the next one. Every worker reads
/// every note, those that start later, too. Safe for use by any thread.
/// </summary>
/// <param name="write">Writes one note of these legs; returns once it is safe.</param>
internal sealed class SettledLegs(Func<IReadOnlyList<string>, Task> write)
{
    /// <summary>Parts them in a header: no leg has one in its name.</summary>
    public const char Separator = ',';

    // In a header, which has to fit into one frame of 128 KiB.
    private const int MostAtOnce = 1000;

    private readonly Lock _lock = new();
    private Batch _next = new();
    private bool _writing;

    private sealed class Batch
    {
        public List<string> Legs { get; } = [];

        public TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Returns once a note with this leg is safe.</summary>
    public Task NoteAsync(string leg)
    {
        Task written;
        lock (_lock)
        {
            _next.Legs.Add(leg);
            written = _next.Written.Task;
            if (_writing && _next.Legs.Count < MostAtOnce)
            {
                return written;
            }

            if (!_writing)
            {
                _writing = true;
                _ = WriteAsync();
            }
            else
            {
                // Full: it is written beside the other, and the next one is begun.
                _ = WriteAsync(TakeNext());
            }
        }

        return written;
    }

    private async Task WriteAsync()
    {
        // Off the lock; and whatever comes with the first goes along.
        await Task.Yield();
        while (true)
        {
            Batch batch;
            lock (_lock)
            {
                if (_next.Legs.Count == 0)
                {
                    _writing = false;
                    return;
                }

                batch = TakeNext();
            }

            await WriteAsync(batch);
        }
    }

    private Batch TakeNext()
    {
        var batch = _next;
        _next = new Batch();
        return batch;
    }

    private async Task WriteAsync(Batch batch)
    {
        try
        {
            await Task.Yield();
            await write(batch.Legs);
            batch.Written.SetResult();
        }
        catch (Exception error)
        {
            batch.Written.SetException(error);
        }
    }
}
