using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>
/// Sends messages of the error queues back. Each is removed only after the broker has confirmed what was sent: killed in
/// between, it is there twice, which a log's key and a command's leg make good.
/// </summary>
internal sealed class RetryWork(IRepairBroker broker, StoredTriesBook stored, TimeProvider time, bool dryRun)
{
    // Commands look at the journal together: one reading for many.
    private const int BatchMessages = 250;
    private const int BatchBytes = 64 * 1024 * 1024;

    // What is older is in no journal.
    private static readonly TimeSpan LongestKept = TimeSpan.FromDays(3660);

    /// <summary>Does it, or only tells what it would do.</summary>
    /// <param name="queue">The queue of messages of one kind.</param>
    /// <param name="messages">The messages, a batch of them.</param>
    public Task<IReadOnlyList<RepairOutcome>> RunAsync(IErrorQueue queue, IReadOnlyList<ErrorMessage> messages) =>
        messages[0].Queue == Names.RunJob ? RetryCommandsAsync(queue, messages) : RetryLogsAsync(queue, messages);

    /// <summary>Whether a batch is large enough to be worked on.</summary>
    public static bool IsFull(IReadOnlyList<ErrorMessage> batch) =>
        batch.Count >= BatchMessages || batch.Sum(message => (long)message.Body.Length) >= BatchBytes;

    private async Task<IReadOnlyList<RepairOutcome>> RetryLogsAsync(IErrorQueue queue, IReadOnlyList<ErrorMessage> logs)
    {
        List<Task<RepairOutcome>> outcomes = [];
        foreach (var log in logs)
        {
            outcomes.Add(await stored.HoldsAsync(log, CancellationToken.None)
                ? DropAsync(queue, log, $"{stored.Where} has it")
                : SendAsync(queue, log, SendBack.AsItIs(log.Queue, log.Properties, log.Body), ""));
        }

        return await Task.WhenAll(outcomes);
    }

    private async Task<IReadOnlyList<RepairOutcome>> RetryCommandsAsync(IErrorQueue queue, IReadOnlyList<ErrorMessage> messages)
    {
        var commands = messages.Select(message => (Message: message, Command: TryRead(message))).ToList();
        var readable = commands.Where(pair => pair.Command is not null).ToList();
        var journal = await ReadJournalAsync([.. readable.Select(pair => (pair.Command!, LookFrom(pair.Command!, pair.Message.Properties)))]);
        var held = readable.Count == 0 ? [] : await broker.AskStatusAsync(CancellationToken.None);

        List<RepairOutcome> outcomes = [];
        HashSet<RunnerKey> sent = [];
        foreach (var (message, command) in commands)
        {
            outcomes.Add(command is null
                ? await SendAsync(queue, message, SendBack.AsItIs(message.Queue, message.Properties, message.Body), "as it is: it cannot be understood")
                : await RetryAsync(queue, message, command, journal, held, sent));
        }

        return outcomes;
    }

    private async Task<RepairOutcome> RetryAsync(
        IErrorQueue queue, ErrorMessage message, RunJob command,
        Dictionary<RunnerKey, List<JournalEntry>> journal, IReadOnlyList<RunnerStatus> held, HashSet<RunnerKey> sent)
    {
        var key = new RunnerKey(command.RequestId, command.Job.Id);
        if (sent.Contains(key))
        {
            return Kept(message, "another command of its job was sent back just now");
        }

        var leg = SendBack.LegOf(message);
        var highest = await stored.HighestAsync(command.RequestId, command.Job.Id, CancellationToken.None);
        var fate = CommandRetry.Decide(
            command,
            StatedTimes.InEarnest(SentAt(command, message.Properties), time.GetUtcNow()),
            HeaderText.Of(message.Properties, WorkerHeaders.Leg),
            leg,
            journal.GetValueOrDefault(key) ?? [],
            highest,
            time.GetUtcNow());
        switch (fate)
        {
            case CommandFate.SentBefore:
                return await DropAsync(queue, message, "it was sent back before");
            case CommandFate.Stays stays:
                return Kept(message, stays.Why);
        }

        if (held.FirstOrDefault(status => status.RequestId == command.RequestId && status.JobId == command.Job.Id) is { } status)
        {
            return Kept(message, $"its job runs or waits on worker {status.Worker}");
        }

        sent.Add(key);
        var again = ((CommandFate.Again)fate).Command;
        return await SendAsync(
            queue, message, SendBack.AsLeg(again, leg, time.GetUtcNow(), message.Properties),
            $"from try {1 + again.TotalTries}, {Tries(1 + again.Job.Retry - again.PrevTries)}");
    }

    private async Task<Dictionary<RunnerKey, List<JournalEntry>>> ReadJournalAsync(IReadOnlyList<(RunJob Command, DateTimeOffset? LookFrom)> commands)
    {
        var entries = commands
            .Select(pair => new RunnerKey(pair.Command.RequestId, pair.Command.Job.Id)).Distinct()
            .ToDictionary(key => key, _ => new List<JournalEntry>());
        if (entries.Count == 0)
        {
            return entries;
        }

        // One that does not say when it was sent may have any age.
        var since = commands.Any(pair => pair.LookFrom is null) ? null : commands.Min(pair => pair.LookFrom);
        await broker.ReadStreamAsync(Names.JobJournal, since, message =>
        {
            if (JournalMessages.Read(message.Exchange, message.Properties, message.Body.Span) is { } read && entries.TryGetValue(read.Job, out var ofJob))
            {
                // The output of a try is of no interest here, and may be large.
                ofJob.Add(read.Entry is TryLogged logged ? new TryLogged(logged.Log with { Stdout = "", Stderr = "", Error = "" }, IsWhole: false) : read.Entry);
            }

            return ValueTask.CompletedTask;
        }, CancellationToken.None);
        return entries;
    }

    /// <summary>The command; <see langword="null"/> if it is none of this contract.</summary>
    private static RunJob? TryRead(ErrorMessage message)
    {
        try
        {
            var command = Wire.Deserialize<RunJob>(message.Content.Span);
            return RunJobRules.Check(command).Count == 0 ? command : null;
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    /// <summary>From when on the journal may know of its run; unknown for all that it holds. A worker that saw a time of no use noted its own.</summary>
    private DateTimeOffset? LookFrom(RunJob command, IReadOnlyBasicProperties properties) =>
        long.TryParse(HeaderText.Of(properties, WorkerHeaders.SeenAt), CultureInfo.InvariantCulture, out var seen) && seen is > 0 and < 253_402_300_799_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(seen)
            : SentAt(command, properties) is { } stated && StatedTimes.SaysWhereToLook(stated, time.GetUtcNow(), LongestKept) ? stated : null;

    private static DateTimeOffset? SentAt(RunJob command, IReadOnlyBasicProperties properties) =>
        command.SentAt ?? (properties.IsTimestampPresent() && properties.Timestamp.UnixTime is >= 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(properties.Timestamp.UnixTime)
            : null);

    private async Task<RepairOutcome> SendAsync(IErrorQueue queue, ErrorMessage message, OutgoingMessage outgoing, string note)
    {
        if (!dryRun)
        {
            await broker.SendAsync(outgoing, CancellationToken.None);
            await queue.RemoveAsync(message);
        }

        return new RepairOutcome(WithoutBody(message), RepairKind.SentBack, note);
    }

    private async Task<RepairOutcome> DropAsync(IErrorQueue queue, ErrorMessage message, string note)
    {
        if (!dryRun)
        {
            await queue.RemoveAsync(message);
        }

        return new RepairOutcome(WithoutBody(message), RepairKind.Dropped, note);
    }

    private static RepairOutcome Kept(ErrorMessage message, string note) => new(WithoutBody(message), RepairKind.Kept, note);

    private static ErrorMessage WithoutBody(ErrorMessage message) => message with { Body = default };

    private static string Tries(long count) => count == 1 ? "1 try" : $"{count} tries";
}
