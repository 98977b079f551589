using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>What becomes of a command of the error queue that is to be retried.</summary>
internal abstract record CommandFate
{
    /// <summary>It is sent back, as this.</summary>
    public sealed record Again(RunJob Command) : CommandFate;

    /// <summary>It was sent back already; only its removal from the error queue was missing.</summary>
    public sealed record SentBefore : CommandFate;

    /// <summary>It stays where it is: to run it now would run its job twice.</summary>
    public sealed record Stays(string Why) : CommandFate;
}

/// <summary>
/// A command that is retried is a resume, sent now: stops sent before do not apply to it, its log numbers go on after the
/// highest there is, and it has the tries that its run left over, at least one.
/// </summary>
internal static class CommandRetry
{
    /// <summary>Decides by what the journal knows of the job since the command was sent.</summary>
    /// <param name="command">The command as it lies in the error queue.</param>
    /// <param name="sentAt">When it was sent; unknown without.</param>
    /// <param name="ownLeg">The leg of its run that it is; none for a command straight from its scheduler.</param>
    /// <param name="nextLeg">The leg that it is to be sent back as: the same each time this message is retried.</param>
    /// <param name="journal">What happened to the job, oldest first.</param>
    /// <param name="highestStored">The highest try number that the Request Manager or the local store holds.</param>
    /// <param name="now">The time.</param>
    public static CommandFate Decide(
        RunJob command, DateTimeOffset? sentAt, string? ownLeg, string nextLeg, IReadOnlyList<JournalEntry> journal, long highestStored, DateTimeOffset now)
    {
        if (journal.Any(entry => entry is RunSentOn sent && sent.Leg == nextLeg))
        {
            return new CommandFate.SentBefore();
        }

        RunFinished? end = null;
        var goesOn = false;
        foreach (var entry in journal)
        {
            switch (entry)
            {
                case RunFinished finished when IsOf(command, sentAt, finished):
                    end = finished;
                    goesOn = false;
                    break;
                case RunSentOn sent when sent.Leg != ownLeg && sent.TotalTries >= command.TotalTries:
                    goesOn = true;
                    break;
            }
        }

        if (goesOn)
        {
            return new CommandFate.Stays("its run goes on: it waits for its next try, or runs");
        }

        if (end is { Finished.FinalState: JobState.Complete or JobState.Stopped })
        {
            return new CommandFate.Stays($"its job has ended {end.Finished.FinalState.ToSeedName()} since");
        }

        return new CommandFate.Again(command with
        {
            SentAt = now,
            TotalTries = Math.Max(Highest(command, journal), highestStored),
            PrevTries = Math.Min(command.PrevTries + Used(command, journal), command.Job.Retry),
            JobData = LoggedRun.Data(LoggedRun.SinceLeg(journal, ownLeg), ownLeg, command.TotalTries) ?? command.JobData,
        });
    }

    /// <summary>An end with no log of its own can be that of an earlier run; then it was told before this was sent.</summary>
    private static bool IsOf(RunJob command, DateTimeOffset? sentAt, RunFinished end) =>
        end.Finished.TotalTries > command.TotalTries
        || (end.Finished.TotalTries == command.TotalTries && (sentAt is not { } sent || end.At is not { } told || told >= sent));

    private static long Highest(RunJob command, IReadOnlyList<JournalEntry> journal) => journal
        .Select(entry => entry switch
        {
            TryLogged logged => logged.Log.Try,
            RunFinished finished => finished.Finished.TotalTries,
            RunSentOn sent => sent.TotalTries,
            _ => 0,
        })
        .Append(command.TotalTries)
        .Max();

    /// <summary>Tries of this run that count: a stopped one does not, nor does a log that tells of no try.</summary>
    private static long Used(RunJob command, IReadOnlyList<JournalEntry> journal) => journal
        .OfType<TryLogged>()
        .Where(entry => entry.Log.Try > command.TotalTries && entry.Log.State != JobState.Stopped && entry.Log.StartedAt != 0)
        .DistinctBy(entry => entry.Log.Try)
        .Count();
}
