using System.Globalization;

namespace JobRunner.Bus.ChaosWorker;

/// <summary>
/// A wall clock that a test sets: it is as many seconds off as the file says, and steps when the file changes. Timers and
/// timestamps go on untouched, as they do on a machine whose clock is set.
/// </summary>
internal sealed class SkewedClock(string file) : TimeProvider
{
    private static readonly TimeSpan LooksEvery = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private long _lookedAt;
    private TimeSpan _off = Read(file);

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            if (GetElapsedTime(_lookedAt) > LooksEvery)
            {
                _lookedAt = GetTimestamp();
                _off = Read(file);
            }

            return base.GetUtcNow() + _off;
        }
    }

    private static TimeSpan Read(string file) => TimeSpan.FromSeconds(double.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture));
}
