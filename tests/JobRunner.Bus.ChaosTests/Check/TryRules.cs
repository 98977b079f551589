using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>A try runs once, alone. What a fault cut off runs again.</summary>
internal static class TryRules
{
    // That a try was cut short is told by the end of its connection.
    private static readonly TimeSpan WordOfMouth = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<Violation> Check(JobHistory job, FaultTimes faults)
    {
        foreach (var starts in job.Starts.GroupBy(start => start.Try).Select(same => same.ToList()))
        {
            foreach (var (first, again) in starts.Zip(starts.Skip(1)))
            {
                if (!faults.TookRuns(first.Worker, first.At, again.At))
                {
                    yield return new Violation(
                        Rules.NoTryTwice, job.Job, $"try {again.Try} started again, and no fault had hit the worker that ran it", [first, again]);
                }
            }

            // It was accepted before it was seen.
            var logged = job.Logs.OfType<LogPublished>().Where(log => log.Try == starts[0].Try).MinBy(log => log.At);
            foreach (var late in starts.Where(start => logged is not null && start.At > logged.At && !faults.Slept(start.Worker, start.At)))
            {
                yield return new Violation(Rules.NoTryTwice, job.Job, $"try {late.Try} started after its log had been accepted", [logged!, late]);
            }
        }

        foreach (var (first, next) in job.Starts.Zip(job.Starts.Skip(1)))
        {
            var end = job.EndOf(first);
            if ((end is null || end.At > next.At + (end.CutShort ? WordOfMouth : TimeSpan.Zero)) && !faults.Slept(first.Worker, next.At))
            {
                yield return new Violation(
                    Rules.NoTryBesideAnother, job.Job, $"try {next.Try} started on {next.Worker} while try {first.Try} ran on {first.Worker}",
                    end is null ? [first, next] : [first, next, end]);
            }
        }
    }
}
