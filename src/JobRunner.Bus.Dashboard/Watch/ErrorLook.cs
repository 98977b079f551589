using JobRunner.Bus.Operations;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Looks into the error queues. Whoever reads a queue holds its messages meanwhile, and others miss them. It removes nothing, and keeps no
/// body but a short one for each reason.
/// </summary>
internal sealed partial class ErrorLook(BrokerAddress address, TimeProvider time, ILogger<ErrorLook> log) : SharedLook<ErrorsFound>(time)
{
    private const int MessagesRead = 1_000;
    private const int BytesShown = 4_096;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected override async Task<ErrorsFound> LookAsync()
    {
        using var patience = new CancellationTokenSource(Patience, Time);
        try
        {
            await using var broker = await RepairBroker.OpenAsync(address, Time, patience.Token);
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
