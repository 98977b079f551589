namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>A stop stops, and whoever asked is told the truth.</summary>
internal static class StopRules
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static IEnumerable<Violation> Check(JobHistory job, FaultTimes faults)
    {
        foreach (var answer in job.Answers)
        {
            var run = job.RunStoppedAt(answer.SentAt);
            foreach (var late in job.Starts.Where(start => start.Run <= run && start.At > answer.At && !faults.Slept(start.Worker, start.At)))
            {
                yield return new Violation(
                    Rules.NoTryAfterStop, job.Job, $"try {late.Try} of run {late.Run} started {(late.At - answer.At).TotalMilliseconds:f0} ms after it", [answer, late]);
            }

            foreach (var end in job.Ends.Where(end => end.Run == run && end.FinalState != answer.FinalState).DistinctBy(end => end.Body))
            {
                yield return new Violation(
                    Rules.StopAnswerTrue, job.Job, $"the answer says state {answer.FinalState}, and the end of run {run} state {end.FinalState}", [answer, end]);
            }
        }

        foreach (var stop in job.Stops)
        {
            var run = job.RunStoppedAt(stop.At);
            foreach (var late in job.Starts.Where(start => start.Run <= run && start.At > stop.At + Patience && !faults.Hindered(start.Worker, stop.At, start.At)))
            {
                yield return new Violation(
                    Rules.StopHeeded, job.Job, $"try {late.Try} of run {late.Run} started {(late.At - stop.At).TotalSeconds:f1} s after the stop was sent", [stop, late]);
            }
        }
    }
}
