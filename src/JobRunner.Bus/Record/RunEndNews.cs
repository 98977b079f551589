using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Record;

/// <summary>What a scheduler is told of an end, and by what the journal knows later whose end it was.</summary>
/// <param name="Finished">The message.</param>
/// <param name="CommandSentAt">When the command of the run was sent; unknown where it said no time.</param>
/// <param name="At">When its scheduler was first told.</param>
internal sealed record RunEndNews(JobFinished Finished, DateTimeOffset? CommandSentAt, DateTimeOffset At)
{
    private const int LongestError = 4096;

    /// <summary>
    /// What is told instead where the broker takes no message of that size: the error is cut; where that is not enough, the run has
    /// failed for its job data, and has that of its command, else none.
    /// </summary>
    public static Func<RunEndNews, MessageTooLargeException, RunEndNews?> SmallerFor(RunJob? command)
    {
        var ways = new Queue<Func<JobFinished, string, JobFinished>>(
        [
            (finished, _) => finished with { Error = Utf8Cut.Tail(finished.Error ?? "", LongestError) },
            (finished, reason) => Failed(finished, reason) with { JobData = command?.JobData ?? [] },
            (finished, reason) => Failed(finished, reason) with { JobData = [] },
        ]);
        return (end, error) => ways.TryDequeue(out var smaller) ? end with { Finished = smaller(end.Finished, error.Message) } : null;
    }

    private static JobFinished Failed(JobFinished finished, string reason) =>
        finished with { FinalState = JobState.Fail, Error = $"the job data is too large to be sent: {reason}" };
}
