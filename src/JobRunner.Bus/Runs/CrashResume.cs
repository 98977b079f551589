using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Runs;

/// <summary>What to do with a redelivered command, by what the journal knows of its job.</summary>
internal abstract record Resumption
{
    /// <summary>Run it, from the counters and data of the delivery given.</summary>
    /// <param name="Delivery">The delivery as it goes on.</param>
    /// <param name="Starts">
    /// How often the try that is next was started already. The first delivery counts, whether it started or was only
    /// prefetched: it leaves no note.
    /// </param>
    public sealed record GoOn(CommandDelivery Delivery, int Starts) : Resumption;

    /// <summary>Tell its scheduler that it ended so; it did, before its worker died.</summary>
    public sealed record Tell(Return Result) : Resumption;

    /// <summary>Tell its scheduler again what it was told.</summary>
    /// <param name="News">What it was told.</param>
    /// <param name="IsLogLost">Whether the log of its last try is missing.</param>
    public sealed record TellAgain(RunEndNews News, bool IsLogLost) : Resumption;

    /// <summary>Nothing: the run has gone on as another leg.</summary>
    public sealed record Drop : Resumption;
}

/// <summary>
/// Finds where a run stands whose worker died. Log numbers never repeat, so a log numbered above the command's own count
/// is of its run; the try that was cut off left none and is run again under its own number.
/// </summary>
internal static class CrashResume
{
    public static Resumption Decide(CommandDelivery delivery, IReadOnlyList<JournalEntry> journal)
    {
        var command = delivery.Command;
        var since = LoggedRun.SinceLeg(journal, delivery.Leg.Id);

        // What came after: the leg that went on, or the end. The first decides; what follows it is a later run.
        foreach (var entry in since)
        {
            switch (entry)
            {
                case RunSentOn next when IsOf(delivery, next):
                    return new Resumption.Drop();
                case RunFinished end when IsOf(delivery, end):
                    return new Resumption.TellAgain(
                        // As of then: told again it must not pass for the end of a later run.
                        new RunEndNews(end.Finished, end.CommandSentAt, end.At ?? DateTimeOffset.UnixEpoch),
                        // They are sent together, and the end is there.
                        !end.LogsAccepted && end.Finished.TotalTries > command.TotalTries && !since.Any(one => one is TryLogged logged && logged.Log.Try == end.Finished.TotalTries));
            }
        }

        var logs = since.OfType<TryLogged>().Select(entry => entry.Log).Where(log => log.Try > command.TotalTries)
            .DistinctBy(log => log.Try).OrderBy(log => log.Try).ToList();
        // An end that is there is that of an earlier run.
        var starts = since.Reverse().TakeWhile(entry => entry is not (TryLogged or RunFinished)).Count(entry => entry is StartedAgain);
        return logs.Count == 0 ? new Resumption.GoOn(delivery, 1 + starts) : After(delivery, logs, since, starts);
    }

    /// <summary>
    /// The run's last log, if nothing shows that its worker has heard the broker's word: whoever takes the run over has it delivered, as the
    /// worker would have had. Not where a later run has logged since: its output is not known any more, and its scheduler was told of its end.
    /// </summary>
    public static JobLogRecorded? NotKnownToBeDelivered(CommandDelivery delivery, IReadOnlyList<JournalEntry> journal)
    {
        JobLogRecorded? last = null;
        foreach (var entry in LoggedRun.SinceLeg(journal, delivery.Leg.Id))
        {
            switch (entry)
            {
                case TryLogged { Log: var log } logged when log.Try > delivery.Command.TotalTries:
                    last = logged.IsWhole ? log : null;
                    break;
                // What follows is of a later run.
                case RunFinished end when IsOf(delivery, end):
                    return end.LogsAccepted ? null : last;
                case RunSentOn next when IsOf(delivery, next):
                    return null;
                case RunFinished or StartedAgain:
                case RunSentOn next when next.Leg != delivery.Leg.Id:
                case JobDataChanged data when data.Try > last?.Try:
                    last = null;
                    break;
            }
        }

        return last;
    }

    /// <summary>
    /// A run that was stopped while it waited, and resumed, has the counters of the leg that waited: that one is of another command.
    /// </summary>
    private static bool IsOf(CommandDelivery delivery, RunSentOn next) =>
        next.TotalTries >= delivery.Command.TotalTries
        && (next.CommandSentAt is not { } of || delivery.SentAt is not { } own || of == own)
        // Its own leg again: sent twice because it was not known whether the first had arrived.
        && (delivery.Leg.Id is null || next.Leg != delivery.Leg.Id);

    /// <summary>
    /// An end with no log of its own can be that of an earlier run. It says when its command was sent; where it does not,
    /// it was told before this one was sent.
    /// </summary>
    private static bool IsOf(CommandDelivery delivery, RunFinished end)
    {
        if (end.Finished.TotalTries < delivery.Command.TotalTries)
        {
            return false;
        }

        if (end.CommandSentAt is { } of && delivery.SentAt is { } own)
        {
            return of == own;
        }

        return end.Finished.TotalTries > delivery.Command.TotalTries || delivery.SentAt is not { } sent || end.At is not { } told || told >= sent;
    }

    private static Resumption After(CommandDelivery delivery, List<JobLogRecorded> logs, IReadOnlyList<JournalEntry> since, int starts)
    {
        var command = delivery.Command;
        var last = logs[^1];
        var jobData = LoggedRun.Data(since, delivery.Leg.Id, command.TotalTries) ?? command.JobData;

        // A STOPPED log without an end after it is a drain's: that try does not count.
        var used = logs.Count(log => log.State != JobState.Stopped);
        var next = new TryCounters(command.PrevTries + used, last.Try);
        var neverStarted = last.StartedAt == 0;
        if (last.State == JobState.Complete || last.Permanent || neverStarted || next.PrevTries > command.Job.Retry)
        {
            return new Resumption.Tell(new Return
            {
                FinalState = last.State,
                Tries = delivery.Leg.TriesBefore + (neverStarted ? used - 1 : used),
                Next = neverStarted ? next with { PrevTries = next.PrevTries - 1 } : next,
                JobData = jobData,
                Error = neverStarted ? last.Error : null,
            });
        }

        var goesOn = command with { PrevTries = next.PrevTries, TotalTries = next.TotalTries, JobData = jobData };
        var wait = last.State == JobState.Stopped ? TimeSpan.Zero : RetryDelay.Before(goesOn);
        return new Resumption.GoOn(delivery with
        {
            Command = goesOn,
            Leg = delivery.Leg with { TriesBefore = delivery.Leg.TriesBefore + used, WaitLeft = null },
            DueAt = UnixNanoseconds.ToDateTimeOffset(last.FinishedAt) + wait,
        }, 1 + starts);
    }
}
