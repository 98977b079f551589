namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>Tries that have begun and whose log the broker has not accepted yet. Safe for use by any thread.</summary>
public sealed class TriesUnderWay
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _tries = new(StringComparer.Ordinal);

    public void Started(string job)
    {
        lock (_lock)
        {
            _tries[job] = _tries.GetValueOrDefault(job) + 1;
        }
    }

    public void Logged(string job)
    {
        lock (_lock)
        {
            if (_tries.GetValueOrDefault(job) is > 0 and var tries)
            {
                _tries[job] = tries - 1;
            }
        }
    }

    /// <summary>How many there are. From now on they count no more: each was hit by one fault, and that is noted.</summary>
    public int Take()
    {
        lock (_lock)
        {
            var count = _tries.Values.Sum();
            _tries.Clear();
            return count;
        }
    }
}
