using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>
/// Only tries that ran to their end use up budget: one that a stop or a drain ended leaves a log with STOPPED and is had
/// again, and one that a fault cut off leaves none.
/// </summary>
internal static class BudgetRules
{
    public static IEnumerable<Violation> Check(JobHistory job)
    {
        foreach (var run in job.Runs)
        {
            if (job.Ends.FirstOrDefault(end => end.Run == run.Run) is { } end && WrongWith(job, run, end) is { } wrong)
            {
                yield return new Violation(Rules.BudgetKept, job.Job, $"run {run.Run}: {wrong}", [run, .. LogsOf(job, run, end), end]);
            }
        }

        if (job.Ends.MaxBy(end => end.Run) is not { } last)
        {
            yield break;
        }

        var finished = Numbers(job.Logs, States.Complete, States.Fail);
        var stopped = Numbers(job.Logs, States.Stopped);
        // A try that had counted itself when the stop came is logged STOPPED all the same.
        if (last.Done < finished || last.Done > finished + stopped)
        {
            yield return new Violation(
                Rules.JobDataKept, job.Job, $"its data counts {last.Done} tries that ran to their end, its logs {finished} and {stopped} stopped",
                [.. job.Logs.DistinctBy(log => log.Try), last]);
        }

        if (last.FinalState == States.Complete && finished - 1 is var failed && job.Runs is [{ } first, ..]
            && (failed > first.Fails || failed < first.Fails - stopped))
        {
            yield return new Violation(
                Rules.BudgetKept, job.Job, $"it was to fail {first.Fails} times and has {failed} failures in its logs", [first, .. job.Logs.DistinctBy(log => log.Try), last]);
        }
    }

    private static string? WrongWith(JobHistory job, RunSent run, JobEnded end)
    {
        var logs = LogsOf(job, run, end);
        var used = run.PrevTries + Numbers(logs, States.Complete, States.Fail);
        return (end.FinalState, end) switch
        {
            _ when end.PrevTries != used => $"its end tells prevTries {end.PrevTries}; with the tries logged it is {used}",
            (States.Complete, _) when Numbers(logs, States.Complete) != 1 => "it ended COMPLETE without one log that says so",
            (States.Fail, _) when used != 1 + run.Retry => $"it ended FAIL after {used} of {1 + run.Retry} tries",
            (States.Fail, _) when run.Fails <= run.Retry && !job.Logs.Any(log => log.State == States.Stopped) => "it had tries enough, and ended FAIL",
            (States.Stopped, _) when !job.Stops.Any(stop => job.RunStoppedAt(stop.At) == run.Run) => "it ended STOPPED, and nobody stopped it",
            (States.Complete or States.Fail or States.Stopped, _) => null,
            _ => $"it ended with state {end.FinalState}",
        };
    }

    private static List<LogEvent> LogsOf(JobHistory job, RunSent run, JobEnded end) =>
        [.. job.Logs.Where(log => log.Try > run.TotalTries && log.Try <= end.TotalTries).DistinctBy(log => log.Try).OrderBy(log => log.Try)];

    private static int Numbers(IEnumerable<LogEvent> logs, params int[] states) =>
        logs.Where(log => states.Contains(log.State)).DistinctBy(log => log.Try).Count();
}
