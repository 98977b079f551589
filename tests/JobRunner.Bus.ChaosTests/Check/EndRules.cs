namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>What goes in comes out, once.</summary>
internal static class EndRules
{
    public static IEnumerable<Violation> Check(JobHistory job)
    {
        foreach (var run in job.Runs)
        {
            var ends = job.Ends.Where(end => end.Run == run.Run).DistinctBy(end => end.Body).ToList();
            if (ends.Count == 0)
            {
                yield return new Violation(Rules.OneEnd, job.Job, $"run {run.Run} was sent and no end was told", [run, .. job.Starts, .. job.Logs]);
            }
            else if (ends.Count > 1)
            {
                yield return new Violation(Rules.OneEnd, job.Job, $"run {run.Run} was told {ends.Count} different ends", [run, .. ends]);
            }
        }

        foreach (var end in job.Ends.Where(end => !job.Runs.Any(run => run.Run == end.Run)))
        {
            yield return new Violation(Rules.OneEnd, job.Job, $"an end was told of run {end.Run}, which nobody sent", [end]);
        }
    }
}
