using System.Collections.Concurrent;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>
/// Stops that say no time count from when they were first seen. Whoever sees one writes down when, so that a worker that
/// starts later does not take it for a new one.
/// </summary>
internal sealed class TimelessStops(IStopNotes notes, StopHearing hearing, TimeProvider time, ILogger<TimelessStops> logger)
{
    private static readonly TimeSpan LetOthersWrite = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, StopOrder> _readAnew = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StopOrder> _toWrite = new(StringComparer.Ordinal);

    /// <summary>A stop without a time was read at this offset of the stream; none on a bus without one.</summary>
    /// <returns>The stop as it counts, or <see langword="null"/> while it may be an old one whose time is still to be read.</returns>
    public StopOrder? Read(StopOrder order, string? offset)
    {
        if (offset is null)
        {
            return order;
        }

        if (!hearing.Hears)
        {
            _readAnew[offset] = order;
            return null;
        }

        _ = WriteAsync(order, offset);
        return order;
    }

    /// <summary>The stop at this offset was first seen then.</summary>
    /// <returns>The stop as it counts, if it waited for this.</returns>
    public StopOrder? SeenAt(string offset, DateTimeOffset at)
    {
        _toWrite.TryRemove(offset, out _);
        return _readAnew.TryRemove(offset, out var order) ? order with { SentAt = at } : null;
    }

    /// <summary>All was read: what nobody has seen before counts from now.</summary>
    public IReadOnlyList<StopOrder> CaughtUp()
    {
        List<StopOrder> first = [];
        foreach (var (offset, order) in _readAnew)
        {
            var seen = order with { SentAt = time.GetUtcNow() };
            first.Add(seen);
            _ = WriteAsync(seen, offset);
        }

        _readAnew.Clear();
        return first;
    }

    private async Task WriteAsync(StopOrder order, string offset)
    {
        _toWrite[offset] = order;
        // All workers see it now; one note is enough.
        await Task.Delay(LetOthersWrite * Random.Shared.NextDouble(), time);
        if (_toWrite.TryRemove(offset, out _))
        {
            try
            {
                await notes.FirstSeenAsync(order, offset);
            }
            catch (Exception error)
            {
                BrokerLog.AnswerNotSent(logger, "when a stop was first seen", error.Message);
            }
        }
    }
}
