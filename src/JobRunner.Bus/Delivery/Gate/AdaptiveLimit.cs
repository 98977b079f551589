namespace JobRunner.Bus.Delivery.Gate;

/// <summary>
/// How many deliveries may run at once: additive growth, multiplicative shrinking, as TCP does it. Not thread-safe.
/// </summary>
internal sealed class AdaptiveLimit
{
    private readonly int _most;
    private int _gotThrough;
    private int _knee;

    /// <param name="most">The most there may ever be, and what it starts with.</param>
    public AdaptiveLimit(int most) => (_most, _knee, Value) = (most, most, most);

    /// <summary>The limit now, 1 to the most.</summary>
    public int Value { get; private set; }

    /// <summary>A delivery got through: up to where the store last was busy the limit grows fast, from there by one per round.</summary>
    public void Grow()
    {
        if (Value < _most && (Value < _knee || ++_gotThrough >= Value))
        {
            Value++;
            _gotThrough = 0;
        }
    }

    /// <summary>The store is busy: half as many.</summary>
    public void Shrink()
    {
        Value = Math.Max(1, Value / 2);
        _knee = Value;
        _gotThrough = 0;
    }

    /// <summary>The store is back after an outage: one first, then growing.</summary>
    public void StartOver()
    {
        Value = 1;
        _gotThrough = 0;
    }
}
