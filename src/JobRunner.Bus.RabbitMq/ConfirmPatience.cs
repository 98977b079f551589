namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// How long a publisher waits for the broker's word before it sends the message again, on another channel. Longer each time, as
/// long as there is no word at all: a broker without a majority must not find a message many times over. Safe for use by any thread.
/// </summary>
/// <param name="first">How long at first; longer than queues and streams need for a new leader.</param>
internal sealed class ConfirmPatience(TimeSpan first)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private long _ticks = first.Ticks;

    /// <summary>As a worker has it: 15 s at first.</summary>
    public ConfirmPatience()
        : this(TimeSpan.FromSeconds(15))
    {
    }

    /// <summary>How long to wait now.</summary>
    public TimeSpan Now => new(Volatile.Read(ref _ticks));

    /// <summary>The same for another publisher, which has its own luck.</summary>
    public ConfirmPatience Anew() => new(first);

    /// <summary>It was waited for in vain.</summary>
    public void Tried() => Volatile.Write(ref _ticks, Math.Min(Now.Ticks * 2, Longest.Ticks));

    /// <summary>There was word.</summary>
    public void Rewarded() => Volatile.Write(ref _ticks, first.Ticks);
}
