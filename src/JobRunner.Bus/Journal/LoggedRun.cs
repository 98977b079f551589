using System.Text.Json.Nodes;

namespace JobRunner.Bus.Journal;

/// <summary>What the entries of one job mean together.</summary>
internal static class LoggedRun
{
    /// <summary>What came after a leg was sent; everything for a command straight from its scheduler.</summary>
    public static IReadOnlyList<JournalEntry> SinceLeg(IReadOnlyList<JournalEntry> journal, string? leg)
    {
        var own = leg is null ? -1 : journal.ToList().FindIndex(entry => entry is RunSentOn sent && sent.Leg == leg);
        return [.. journal.Skip(own + 1)];
    }

    /// <summary>The data that the last logged try left; those of a try that was cut off before its log, and run again, do not count.</summary>
    /// <param name="sinceLeg">What came after the leg was sent.</param>
    /// <param name="leg">The leg; it may have been sent twice.</param>
    /// <param name="triesBefore">The highest number logged before the leg.</param>
    public static JsonObject? Data(IReadOnlyList<JournalEntry> sinceLeg, string? leg, long triesBefore)
    {
        JobDataChanged? changed = null;
        JsonObject? left = null;
        foreach (var entry in sinceLeg)
        {
            switch (entry)
            {
                case JobDataChanged data when data.Try > triesBefore:
                    changed = data;
                    break;
                case StartedAgain:
                case RunSentOn sent when sent.Leg != leg:
                    changed = null;
                    break;
                // A log without times tells of no try.
                case TryLogged { Log.StartedAt: not 0 } logged when logged.Log.Try == changed?.Try:
                    left = changed.JobData;
                    break;
            }
        }

        return left;
    }
}
