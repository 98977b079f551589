namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// The messages of one channel that wait for the broker's confirm, by their numbers: 1 for the first message sent. Bounded, so that a
/// broker that is slow to confirm slows those who send. Used under the lock of its channel.
/// </summary>
internal sealed class Unconfirmed
{
    private const int MostMessages = 16_384;
    private const long MostBytes = 64 * 1024 * 1024;

    private Publication?[] _messages = new Publication?[1024]; // by number, modulo its length, a power of two
    private ulong _oldest = 1;
    private ulong _next = 1;
    private int _count;
    private long _bytes;

    /// <summary>The oldest; <see langword="null"/> when none waits.</summary>
    public Publication? Oldest => _oldest < _next ? Slot(_oldest) : null;

    /// <summary>When the youngest message was sent that has been settled.</summary>
    public long NewestSettled { get; private set; }

    /// <summary>Whether there is room for a message. One alone always has room.</summary>
    public bool HasRoomFor(Publication message) =>
        _count == 0 || (_count < MostMessages && _bytes + message.Body.Length <= MostBytes);

    /// <summary>Adds the message that is sent next.</summary>
    public void Add(Publication message)
    {
        if (_next - _oldest == (ulong)_messages.Length)
        {
            var larger = new Publication?[_messages.Length * 2];
            for (var number = _oldest; number < _next; number++)
            {
                larger[number % (ulong)larger.Length] = Slot(number);
            }

            _messages = larger;
        }

        Slot(_next++) = message;
        _count++;
        _bytes += message.Body.Length;
    }

    /// <summary>The broker has confirmed a message, or all up to it.</summary>
    public void Settle(ulong last, bool multiple)
    {
        for (var number = multiple ? _oldest : last; number <= last && number < _next; number++)
        {
            if (Slot(number) is { } message)
            {
                Slot(number) = null;
                NewestSettled = Math.Max(NewestSettled, message.SentAt);
                _count--;
                _bytes -= message.Body.Length;
                message.Confirmed();
            }
        }

        while (_oldest < _next && Slot(_oldest) is null)
        {
            _oldest++;
        }
    }

    /// <summary>Marks what the broker has sent back. It says no number, but the body is its own.</summary>
    public void MarkReturned(string exchange, string routingKey, ReadOnlySpan<byte> body)
    {
        for (var number = _oldest; number < _next; number++)
        {
            if (Slot(number) is { Mandatory: true } message && message.Exchange == exchange && message.RoutingKey == routingKey
                && body.SequenceEqual(message.Body.Span))
            {
                message.Returned = true;
            }
        }
    }

    /// <summary>Fails all that wait.</summary>
    public void Fail(Func<Publication, Exception> reason)
    {
        for (; _oldest < _next; _oldest++)
        {
            if (Slot(_oldest) is { } message)
            {
                message.Fail(reason(message));
                Slot(_oldest) = null;
            }
        }
    }

    private ref Publication? Slot(ulong number) => ref _messages[number % (ulong)_messages.Length];
}
