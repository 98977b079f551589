using System.Threading.Channels;

namespace JobRunner.Bus.Chains.Service.Send;

/// <summary>Events of which everything that follows was sent; the store is told of many at once.</summary>
internal sealed class DoneNotes
{
    private readonly Channel<(string RequestId, long Version)> _notes = Channel.CreateUnbounded<(string, long)>(new() { SingleReader = true });

    /// <summary>Notes an event.</summary>
    public void Add(string requestId, long version) => _notes.Writer.TryWrite((requestId, version));

    /// <summary>Waits until there is a note, and takes all there are.</summary>
    public async Task<IReadOnlyList<(string RequestId, long Version)>> TakeAsync(CancellationToken cancellationToken)
    {
        await _notes.Reader.WaitToReadAsync(cancellationToken);
        return TakeNow();
    }

    /// <summary>Takes all there are.</summary>
    public IReadOnlyList<(string RequestId, long Version)> TakeNow()
    {
        List<(string, long)> taken = [];
        while (_notes.Reader.TryRead(out var note))
        {
            taken.Add(note);
        }

        return taken;
    }
}
