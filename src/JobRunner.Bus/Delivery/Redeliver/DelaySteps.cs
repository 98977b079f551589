using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>The growing delays before redeliveries; the last one repeats.</summary>
internal static class DelaySteps
{
    public const int Most = 12;

    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(10);

    public static readonly TimeSpan Longest = TimeSpan.FromHours(24);

    /// <summary>Reads delays such as <c>5s,30s,2m</c>.</summary>
    /// <param name="text">Go durations with commas between.</param>
    /// <param name="steps">The delays.</param>
    /// <param name="must">What the text must be; for an error about it.</param>
    public static bool TryParse(string? text, [NotNullWhen(true)] out IReadOnlyList<TimeSpan>? steps, [NotNullWhen(false)] out string? must)
    {
        (steps, must) = (null, null);
        var parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        if (parts.Length > Most)
        {
            must = $"must have at most {Most} delays";
            return false;
        }

        List<TimeSpan> read = [];
        foreach (var part in parts)
        {
            if (part.Length == 0 || !GoDuration.TryParse(part, out var duration))
            {
                must = "must be Go durations with commas between, such as 5s,30s,2m,10m,1h";
                return false;
            }

            var step = duration.ToTimeSpan();
            if (step < Shortest || step > Longest || step.Ticks % TimeSpan.TicksPerMillisecond != 0)
            {
                must = "must have delays from 10ms to 24h, in whole milliseconds";
                return false;
            }

            if (read.Count > 0 && step < read[^1])
            {
                must = "must not have a delay shorter than the one before it";
                return false;
            }

            read.Add(step);
        }

        steps = read;
        return true;
    }
}
