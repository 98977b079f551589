namespace JobRunner.Bus.Receive;

/// <summary>
/// Which deliveries of a channel are done, and how to acknowledge them with few messages: all up to a number at once, and those
/// that are done before an earlier one by themselves, if it does not follow at once.
/// </summary>
internal sealed class Acknowledgements
{
    private readonly Lock _lock = new();
    private readonly Queue<ulong> _inOrder = new();
    private readonly HashSet<ulong> _done = [];
    private readonly HashSet<ulong> _settled = [];
    private List<ulong> _waited = [];
    private bool _woken;

    /// <summary>A delivery came; they come by number.</summary>
    public void Arrived(ulong tag)
    {
        lock (_lock)
        {
            _inOrder.Enqueue(tag);
        }
    }

    /// <summary>A delivery is done.</summary>
    /// <returns>Whether <see cref="Take"/> is to be called; false when it is to be already.</returns>
    public bool Done(ulong tag)
    {
        lock (_lock)
        {
            _done.Add(tag);
            return !_woken && (_woken = true);
        }
    }

    /// <summary>A delivery was settled otherwise.</summary>
    public void Forget(ulong tag)
    {
        lock (_lock)
        {
            _settled.Add(tag);
        }
    }

    /// <summary>Takes what is to be acknowledged now.</summary>
    /// <param name="upTo">All up to this one, 0 for none.</param>
    /// <param name="single">These too, each by itself.</param>
    /// <returns>Whether to call again soon though nothing else is done: some may still go along with an earlier one.</returns>
    public bool Take(out ulong upTo, out IReadOnlyList<ulong> single)
    {
        lock (_lock)
        {
            upTo = 0;
            while (_inOrder.TryPeek(out var next))
            {
                if (_done.Remove(next))
                {
                    upTo = next;
                }
                else if (!_settled.Remove(next))
                {
                    break;
                }

                _inOrder.Dequeue();
            }

            single = [];
            if (_waited.Count > 0)
            {
                single = _waited.FindAll(_done.Remove);
                _settled.UnionWith(single);
            }

            _waited = _done.Count == 0 ? [] : [.. _done];
            _woken = _waited.Count > 0;
            return _woken;
        }
    }

    /// <summary>All that is done and not taken yet.</summary>
    public IReadOnlyList<ulong> Rest()
    {
        lock (_lock)
        {
            ulong[] rest = [.. _done];
            _settled.UnionWith(rest);
            _done.Clear();
            return rest;
        }
    }
}
