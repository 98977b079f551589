using System.Globalization;
using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>Every try's log is there, once, under its own number.</summary>
internal static class LogRules
{
    public static IEnumerable<Violation> Check(JobHistory job)
    {
        foreach (var same in job.Logs.GroupBy(log => log.Try).Where(same => same.DistinctBy(log => (log.State, log.Content)).Count() > 1))
        {
            yield return new Violation(Rules.OneLogPerNumber, job.Job, $"log {same.Key} has different contents", [.. same]);
        }

        var stored = job.Rows.Select(log => log.Try).ToHashSet();
        foreach (var log in job.Logs.OfType<LogPublished>().DistinctBy(log => log.Try).Where(log => !stored.Contains(log.Try)))
        {
            yield return new Violation(Rules.NoLogLost, job.Job, $"log {log.Try} was accepted by the broker and is not there", [log, .. job.Rows]);
        }

        if (job.Ends.Count == 0)
        {
            // Told already.
            yield break;
        }

        // Those lost on the way have been told; here it counts which numbers were given.
        var numbers = job.Logs.Select(log => log.Try).Distinct().Order().ToList();
        var told = job.Ends.Max(end => end.TotalTries);
        if (numbers.Count != told || numbers.Where((number, index) => number != index + 1).Any())
        {
            yield return new Violation(
                Rules.LogNumbers, job.Job,
                string.Create(CultureInfo.InvariantCulture, $"its ends tell of {told} tries, and it has the logs {string.Join(", ", numbers)}"),
                [.. job.Logs, .. job.Ends.DistinctBy(end => end.Body)]);
        }
    }
}
