using JobRunner.Bus.Operations;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Looks into the error queues for all pages together, at most every few seconds: whoever reads a queue holds its messages meanwhile. It removes
/// nothing, and keeps no body but a short one for each reason.
/// </summary>
internal sealed partial class ErrorLook(BrokerAddress address, TimeProvider time, ILogger<ErrorLook> log) : IDisposable
{
    private const int MessagesRead = 1_000;
    private const int BytesShown = 4_096;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _one = new(1);
    private ErrorsFound? _found;
    private long _foundAt;

    /// <summary>Whether somebody reads or changes the error queues now: a further look waits until that is over.</summary>
    public bool IsTaken => _one.CurrentCount == 0;

    /// <summary>
    /// Does something to the error queues while nobody looks: whoever reads them holds messages that the other then misses. The next look
    /// looks anew.
    /// </summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> change, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await change();
        }
        finally
        {
            _found = null;
            _one.Release();
        }
    }

    /// <summary>What the error queues hold; what was found just now, if somebody has looked.</summary>
    public async Task<ErrorsFound> ReadAsync(CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_found is null || time.GetElapsedTime(_foundAt) >= Fresh)
            {
                _found = await LookAsync();
                _foundAt = time.GetTimestamp();
            }

            return _found;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<ErrorsFound> LookAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await using var broker = await RepairBroker.OpenAsync(address, time, patience.Token);
            List<ErrorGroup> groups = [];
            var unread = 0L;
            foreach (var name in new[] { Names.RunJob, Names.JobLogRecorded })
            {
                await using var queue = await broker.OpenErrorQueueAsync(name, patience.Token);
                Dictionary<string, ErrorGroup> ofQueue = [];
                var read = 0;
                for (; read < MessagesRead && await queue.NextAsync(patience.Token) is { } message; read++)
                {
                    var reason = ErrorReasons.KindOf(message.Reason);
                    ofQueue[reason] = ofQueue.TryGetValue(reason, out var group) ? With(group, message) : new ErrorGroup(name, reason, 1, message.FailedAt, message.FailedAt, Shown(message), SendBack.LegOf(message));
                }

                unread += Math.Max(0, queue.Total - read);
                groups.AddRange(ofQueue.Values);
            }

            return new ErrorsFound([.. groups.OrderByDescending(group => group.Count).ThenBy(group => group.Reason, StringComparer.Ordinal)], unread, null);
        }
        catch (Exception error)
        {
            LogTrouble(log, error.GetType().Name, error.Message);
            return new ErrorsFound([], 0, error switch
            {
                CommandException => error.Message,
                OperationCanceledException => "the error queues could not be read in time",
                // Its text was not written for people.
                _ => $"the error queues cannot be read: {error.GetType().Name}",
            });
        }
    }

    private static ErrorGroup With(ErrorGroup group, ErrorMessage message) => group with
    {
        Count = group.Count + 1,
        First = message.FailedAt < group.First ? message.FailedAt : group.First ?? message.FailedAt,
        Last = message.FailedAt > group.Last ? message.FailedAt : group.Last ?? message.FailedAt,
        Example = message.FailedAt > group.Last ? Shown(message) : group.Example,
        ExampleLeg = message.FailedAt > group.Last ? SendBack.LegOf(message) : group.ExampleLeg,
    };

    private static ErrorMessage Shown(ErrorMessage message)
    {
        var content = message.Content;
        return message with { Body = content[..Math.Min(content.Length, BytesShown)].ToArray() };
    }

    [LoggerMessage(1451, LogLevel.Warning, "The dashboard cannot read the error queues: {Error}: {Message}")]
    private static partial void LogTrouble(ILogger log, string error, string message);
}
