using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>An error queue in numbers.</summary>
/// <param name="Queue">Its name.</param>
/// <param name="Messages">How many messages it holds.</param>
/// <param name="Reasons">Why, the commonest first.</param>
internal sealed record ErrorQueueOverview(string Queue, long Messages, IReadOnlyList<(string Reason, int Count)> Reasons);

/// <summary>What <c>status</c> tells.</summary>
internal sealed record Overview
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What the broker is short of; absent when it takes messages.</summary>
    public string? Alarm { get; init; }

    /// <summary>Workers that answered; absent when they could not be asked.</summary>
    public int? Workers { get; init; }

    public long Slots { get; init; }

    public long SlotsInUse { get; init; }

    public long Running { get; init; }

    public long Waiting { get; init; }

    /// <summary>Commands that wait for a worker; absent when their queue is missing.</summary>
    public long? Queued { get; init; }

    /// <summary>Job logs that wait for their delivery, apart from those that are redelivered later.</summary>
    public long? LogsWaiting { get; init; }

    public required IReadOnlyList<string> Missing { get; init; }

    public required IReadOnlyList<ErrorQueueOverview> ErrorQueues { get; init; }

    /// <summary>What needs a person, each with what to do.</summary>
    public IReadOnlyList<string> Problems =>
    [
        .. Alarm is { } alarm ? [$"the broker has an alarm ({alarm}) and takes no messages. See: rabbitmq-diagnostics alarms"] : Array.Empty<string>(),
        .. Missing.Select(queue => $"queue {queue} is missing: a worker makes it as it starts"),
        .. Workers == 0 && Missing.Count == 0 ? ["no worker is connected to the broker. Start one: jobrunner worker"] : Array.Empty<string>(),
        .. ErrorQueues.Select(queue => $"{queue.Messages} {(queue.Messages == 1 ? "message" : "messages")} in {queue.Queue}. See: jobrunner errors list"),
    ];

    public string ToJson() => JsonSerializer.Serialize(
        new Dictionary<string, object?>
        {
            ["workers"] = Workers,
            ["slots"] = Slots,
            ["slotsInUse"] = SlotsInUse,
            ["running"] = Running,
            ["waiting"] = Waiting,
            ["queued"] = Queued,
            ["logsWaiting"] = LogsWaiting,
            ["alarm"] = Alarm,
            ["missing"] = Missing,
            ["errorQueues"] = ErrorQueues.Select(queue => new Dictionary<string, object>
            {
                ["queue"] = queue.Queue,
                ["messages"] = queue.Messages,
                ["reasons"] = queue.Reasons.Select(reason => new Dictionary<string, object> { ["reason"] = reason.Reason, ["messages"] = reason.Count }),
            }),
            ["problems"] = Problems,
        },
        Json);

    public override string ToString()
    {
        var text = new StringBuilder();
        Line("workers", Workers is null ? "not asked" : $"{Workers}, {SlotsInUse} of {Slots} slots in use");
        Line("runs", Workers is null ? "not asked" : $"{Running} running, {Waiting} waiting for their next try");
        Line("commands", Queued is { } queued ? $"{queued} wait for a worker" : "their queue is missing");
        Line("job logs", LogsWaiting is { } logs ? $"{logs} wait for their delivery" : "their queue is missing");
        Line("error queues", ErrorQueues.Count == 0 ? "empty" : string.Join(", ", ErrorQueues.Select(queue => $"{queue.Queue} {queue.Messages}")));
        foreach (var (reason, count) in ErrorQueues.SelectMany(queue => queue.Reasons))
        {
            text.Append("  ").Append(count).Append("x ").AppendLine(reason);
        }

        foreach (var problem in Problems)
        {
            text.Append("! ").AppendLine(problem);
        }

        return text.ToString().TrimEnd();

        void Line(string what, string value) => text.Append($"{what + ':',-14}").AppendLine(value);
    }
}
