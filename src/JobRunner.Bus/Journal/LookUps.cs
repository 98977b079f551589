namespace JobRunner.Bus.Journal;

/// <summary>
/// Look-ups that wait share one reading of the journal. A dead worker leaves its runs all at once, and each reading costs what all jobs
/// wrote since: without this, a hundred runs read a hundred times what one has to.
/// </summary>
/// <param name="read">Reads the journal once and answers every look-up it is given.</param>
internal sealed class LookUps(Func<IReadOnlyList<LookUp>, Task> read)
{
    private readonly Lock _lock = new();
    private List<LookUp> _waiting = [];
    private bool _isReading;

    /// <summary>Asks; what is written before this call is found.</summary>
    public Task<IReadOnlyList<JournalEntry>> AskAsync(LookUp lookUp, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _waiting.Add(lookUp);
            if (!_isReading)
            {
                _isReading = true;
                _ = Task.Run(ReadAsync, CancellationToken.None);
            }
        }

        return lookUp.Found.WaitAsync(cancellationToken);
    }

    private async Task ReadAsync()
    {
        while (Next() is { } batch)
        {
            try
            {
                await read(batch);
            }
            catch (Exception error)
            {
                batch.ForEach(lookUp => lookUp.Fail(error));
            }
        }
    }

    private List<LookUp>? Next()
    {
        lock (_lock)
        {
            var next = _waiting;
            _waiting = [];
            _isReading = next.Count > 0;
            return _isReading ? next : null;
        }
    }
}
