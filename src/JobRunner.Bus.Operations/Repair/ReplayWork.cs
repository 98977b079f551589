using JobRunner.Bus.Delivery;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>
/// Sends logs of the journal to the queue <c>job-log-recorded</c>, where workers deliver them with all their patience. Not to
/// its exchange, which would put them into the journal once more.
/// </summary>
internal sealed class ReplayWork(IRepairBroker broker, ReplayPlan plan, TimeProvider time, Action<string> tellProgress) : IDisposable
{
    private const int SendsAtOnce = 500;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(5);

    private readonly Sending _sending = new(SendsAtOnce);
    private long _read;
    private long _logs;
    private long _sent;
    private long _toldAt;

    /// <summary>How far it has come.</summary>
    public ReplayCounts Counts => new(Interlocked.Read(ref _read), _logs, Interlocked.Read(ref _sent));

    /// <summary>Does it; returns once every log sent is confirmed.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        _toldAt = time.GetTimestamp();
        try
        {
            await broker.ReadStreamAsync(Names.JobJournal, plan.Since, message => OnMessageAsync(message, stop), stop);
        }
        finally
        {
            // So that the count is right.
            await _sending.EndAsync();
        }

        await _sending.ThrowIfBrokenAsync();
    }

    /// <inheritdoc/>
    public void Dispose() => _sending.Dispose();

    private async ValueTask OnMessageAsync(StreamMessage message, CancellationToken stop)
    {
        _read++;
        if (time.GetElapsedTime(_toldAt) >= TellEvery)
        {
            _toldAt = time.GetTimestamp();
            tellProgress($"{_read} messages of the journal read, {Interlocked.Read(ref _sent)} logs sent …");
        }

        if (message.Exchange != Names.JobLogRecorded || !IsMeant(message))
        {
            return;
        }

        _logs++;
        if (plan.DryRun)
        {
            return;
        }

        // The reader's memory is its own: the body is copied.
        var log = SendBack.AsItIs(Names.JobLogRecorded, message.Properties, message.Body.ToArray());
        await _sending.BeginAsync(() => SendAsync(log), stop);
    }

    private bool IsMeant(StreamMessage message)
    {
        if (plan.RequestId is null && plan.JobId is null && plan.Until is null)
        {
            return true;
        }

        var log = PartialLog.Read(message.Body.Span);
        return (plan.RequestId is null || log.RequestId == plan.RequestId)
            && (plan.JobId is null || log.JobId == plan.JobId)
            // A log that tells of no try has no time.
            && (plan.Until is not { } until || log.FinishedAt == 0 || Say.Instant(log.FinishedAt) <= until);
    }

    private async Task SendAsync(OutgoingMessage message)
    {
        await broker.SendAsync(message, CancellationToken.None);
        Interlocked.Increment(ref _sent);
    }
}
