using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Which wait queue a wait uses. RabbitMQ expires messages from the head of a queue only, so each length of wait has a
/// queue of its own; rounding up keeps their number below 400 whatever schedulers ask for.
/// </summary>
internal static class WaitSteps
{
    /// <summary>Longest time one stay in a wait queue takes; longer waits stay again. The broker's limit is 49 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(14);

    private const int MostKnown = 100;

    /// <summary>What a list of waits must be; for an error about it.</summary>
    public static readonly string Must = $"must be at most {MostKnown} Go durations from 1ms to 336h with commas between, such as 2s,30s,5m";

    /// <summary>Every step there is, shortest first.</summary>
    public static IEnumerable<TimeSpan> All
    {
        get
        {
            for (var wait = TimeSpan.Zero; wait < Longest;)
            {
                wait = RoundUp(wait + TimeSpan.FromTicks(1));
                yield return wait;
            }
        }
    }

    /// <summary>Reads waits such as <c>2s,30s,5m</c>; none in an empty text.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IReadOnlyList<TimeSpan>? waits)
    {
        waits = null;
        List<TimeSpan> read = [];
        foreach (var part in string.IsNullOrWhiteSpace(text) ? [] : text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!GoDuration.TryParse(part, out var duration) || duration.ToTimeSpan() is var wait && (wait < TimeSpan.FromMilliseconds(1) || wait > Longest))
            {
                return false;
            }

            read.Add(wait);
        }

        waits = read;
        return read.Count <= MostKnown;
    }

    /// <summary>The wait rounded up to its step, at most <see cref="Longest"/>.</summary>
    public static TimeSpan RoundUp(TimeSpan wait)
    {
        if (wait >= Longest)
        {
            return Longest;
        }

        var step = StepOf(wait).Ticks;
        var steps = Math.Max(1, (wait.Ticks + step - 1) / step);
        return TimeSpan.FromTicks(steps * step);
    }

    /// <summary>The name of a rounded wait in queue names and routing keys, without zero parts: <c>1m30s</c>, <c>2h</c>.</summary>
    public static string NameOf(TimeSpan wait)
    {
        var name = GoDuration.FromTimeSpan(wait).ToString();
        if (name.EndsWith("m0s", StringComparison.Ordinal))
        {
            name = name[..^2];
        }

        return name.EndsWith("h0m", StringComparison.Ordinal) ? name[..^2] : name;
    }

    private static TimeSpan StepOf(TimeSpan wait) => wait switch
    {
        _ when wait <= TimeSpan.FromMinutes(1) => TimeSpan.FromSeconds(1),
        _ when wait <= TimeSpan.FromMinutes(10) => TimeSpan.FromSeconds(10),
        _ when wait <= TimeSpan.FromHours(1) => TimeSpan.FromMinutes(1),
        _ when wait <= TimeSpan.FromDays(1) => TimeSpan.FromMinutes(15),
        _ => TimeSpan.FromHours(3),
    };
}
