using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Stops;

/// <summary>A stop that was asked for.</summary>
/// <param name="RequestId">Whose jobs.</param>
/// <param name="JobId">Which job; none for all of the request.</param>
/// <param name="SentAt">When it was sent; commands sent before it, or at an unknown time, are stopped.</param>
/// <param name="ReplyTo">Who asked.</param>
internal sealed record StopOrder(string RequestId, string? JobId, DateTimeOffset SentAt, ReplyAddress? ReplyTo)
{
    /// <summary>The trace it belongs to.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>
    /// When it arrived here, by <see cref="TimeProvider.GetTimestamp"/>: a wall clock may be set meanwhile. Unknown of one that is read again,
    /// or was sent while this worker heard none.
    /// </summary>
    public long? HeardAt { get; init; }

    /// <summary>
    /// Longest time that a stop is on its way. One that arrives later than this after its job was seen is meant for it whatever clocks say.
    /// </summary>
    public static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(10);

    /// <summary>Whether a command sent then, and first seen by a worker then, is one of those the stop was meant for.</summary>
    /// <remarks>
    /// When it was seen may be told by another worker, whose clock is wrong. So that counts only where the command says a time that is of no
    /// use here, too: then its sender's clock is the one that is wrong.
    /// </remarks>
    public bool AppliesTo(DateTimeOffset? commandSentAt, DateTimeOffset? seenAt, TimeProvider time) =>
        commandSentAt is not { } sent || sent <= SentAt || (sent - time.GetUtcNow() > StatedTimes.AheadAtMost && WasHeardLongAfter(seenAt, time));

    private bool WasHeardLongAfter(DateTimeOffset? seenAt, TimeProvider time) =>
        HeardAt is { } heard && seenAt is { } seen && time.GetUtcNow() - time.GetElapsedTime(heard) - seen > OnItsWay;
}

/// <summary>
/// Every stop of the retention period: for commands that are still on their way, or come back from a wait. The latest
/// stop of a job covers all earlier ones.
/// </summary>
internal sealed class StopBook(IOptions<WorkerOptions> options, TimeProvider time)
{
    private const int AddsBetweenPurges = 1024;

    // Each with the monotonic time at which it was noted: a wall clock that is set must neither forget nor keep it.
    private readonly ConcurrentDictionary<(string RequestId, string? JobId), (StopOrder Order, long NotedAt)> _stops = new();
    private readonly ConcurrentDictionary<string, long> _settledLegs = new(StringComparer.Ordinal);
    private readonly Lock _adding = new();
    private int _adds;

    /// <summary>Notes a stop; an earlier one than that noted changes nothing.</summary>
    public void Add(StopOrder order)
    {
        var now = time.GetTimestamp();
        lock (_adding)
        {
            _stops.AddOrUpdate(
                (order.RequestId, order.JobId),
                (order, now),
                (_, noted) => ((noted.Order.SentAt > order.SentAt ? noted.Order : order) with { HeardAt = order.HeardAt ?? noted.Order.HeardAt }, now));
        }

        PurgeSometimes();
    }

    /// <summary>Finds the stop that a command comes too late for.</summary>
    public StopOrder? Find(string requestId, string jobId, DateTimeOffset? sentAt, DateTimeOffset? seenAt = null)
    {
        if (_stops.IsEmpty)
        {
            return null;
        }

        return Applying((requestId, jobId)) ?? Applying((requestId, null));

        StopOrder? Applying((string, string?) key) =>
            _stops.TryGetValue(key, out var noted) && IsKept(noted.NotedAt) && noted.Order.AppliesTo(sentAt, seenAt, time) ? noted.Order : null;
    }

    /// <summary>
    /// Puts a run where stops find it, unless one was noted that is meant for it. No stop falls between the two: noted
    /// before, it refuses the run; noted after, whoever noted it finds the run.
    /// </summary>
    public bool TryPlace(CommandDelivery delivery, Func<bool> place)
    {
        lock (_adding)
        {
            return Find(delivery.Key.RequestId, delivery.Key.JobId, delivery.Order, delivery.Leg.SeenAt) is null && place();
        }
    }

    /// <summary>Notes that this leg was stopped while it waited and its scheduler has been told.</summary>
    public void Settle(string leg)
    {
        _settledLegs[leg] = time.GetTimestamp();
        PurgeSometimes();
    }

    /// <summary>Whether this leg is only to be dropped.</summary>
    public bool IsSettled(string? leg) => leg is not null && _settledLegs.TryGetValue(leg, out var notedAt) && IsKept(notedAt);

    private bool IsKept(long notedAt) => time.GetElapsedTime(notedAt) <= options.Value.StopRetention;

    private void PurgeSometimes()
    {
        if (Interlocked.Increment(ref _adds) % AddsBetweenPurges != 0)
        {
            return;
        }

        foreach (var stop in _stops.Where(stop => !IsKept(stop.Value.NotedAt)))
        {
            _stops.TryRemove(stop);
        }

        foreach (var leg in _settledLegs.Where(leg => !IsKept(leg.Value)))
        {
            _settledLegs.TryRemove(leg);
        }
    }
}
