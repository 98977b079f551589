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
    private List<string>? _next;
    private Task _written = Task.CompletedTask;

    /// <summary>Returns once a note with this leg is safe.</summary>
    public Task NoteAsync(string leg)
    {
        lock (_lock)
        {
            if (_next is null || _next.Count == MostAtOnce)
            {
                _next = [];
                _written = WriteAsync(_next, after: _written);
            }

            _next.Add(leg);
            return _written;
        }
    }

    private async Task WriteAsync(List<string> legs, Task after)
    {
        // Whoever is in the note before hears of its error; this one is written all the same.
        await after.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (_lock)
        {
            _next = _next == legs ? null : _next;
        }

        await write(legs);
    }
}
