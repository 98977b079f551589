namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// Looks whether the queues are there that must hold what was sent. A look is sent behind the messages on the same channel, at
/// most one at a time, for all that were sent since the one before: the broker answers it before it confirms them.
/// </summary>
/// <param name="look">Asks the broker for a queue; fails where it is missing.</param>
/// <param name="end">Told that it is missing.</param>
/// <param name="channel">The lock of the channel.</param>
/// <param name="time">The clock.</param>
internal sealed class Keepers(Func<string, Task> look, Action<Exception> end, Lock channel, TimeProvider time)
{
    private readonly Dictionary<string, List<Publication>> _sent = new(StringComparer.Ordinal);
    private List<Publication> _lookedFor = [];
    private Exception? _failed;
    private long _lookingSince;
    private bool _isLooking;

    /// <summary>When the look was sent that has no answer yet.</summary>
    public long? LookingSince => _isLooking ? _lookingSince : null;

    /// <summary>Notes a message that was just sent: the next look is for its keeper, too.</summary>
    public void Sent(Publication message)
    {
        if (message.Keeper is null)
        {
            return;
        }

        lock (channel)
        {
            if (_failed is not null)
            {
                message.Fail(_failed);
                return;
            }

            if (!_sent.TryGetValue(message.Keeper, out var same))
            {
                _sent[message.Keeper] = same = [];
            }

            same.Add(message);
        }
    }

    /// <summary>Looks for the keepers of what was sent, if a look is not under way, which the next one follows by itself.</summary>
    public void Look()
    {
        lock (channel)
        {
            if (_isLooking || _sent.Count == 0)
            {
                return;
            }

            _isLooking = true;
        }

        _ = LookAsync();
    }

    /// <summary>Fails all that waits for a look. Called under the channel's lock.</summary>
    public void Fail(Exception error)
    {
        _failed ??= error;
        foreach (var message in _sent.Values.Append(_lookedFor).SelectMany(same => same))
        {
            message.Fail(_failed);
        }

        _sent.Clear();
        _lookedFor = [];
    }

    private async Task LookAsync()
    {
        try
        {
            while (Next() is { } keeper)
            {
                await look(keeper);
                lock (channel)
                {
                    _lookedFor.ForEach(message => message.Answered());
                    _lookedFor = [];
                }
            }
        }
        catch (Exception error)
        {
            end(error);
        }
    }

    private string? Next()
    {
        lock (channel)
        {
            foreach (var (keeper, messages) in _sent)
            {
                _sent.Remove(keeper);
                (_lookedFor, _lookingSince) = (messages, time.GetTimestamp());
                return keeper;
            }

            _isLooking = false;
            return null;
        }
    }
}
