using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>
/// What follows from each thing that can happen to a chain, as Spin Cycle decides it: a job starts when all it follows are
/// COMPLETE and takes over their job data; a failed job's sequence is tried again while it may be; independent branches go on
/// after a failure. Pure. Whatever is repeated, late or of another chain changes nothing.
/// </summary>
public static class ChainRules
{
    // The broker has its own clock: a wait that comes back this much early is over.
    private static readonly TimeSpan EarlyEnough = TimeSpan.FromMilliseconds(500);

    /// <summary>Starts the chain: every job whose predecessors are all COMPLETE.</summary>
    public static ChainStep Start(ChainState chain, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (chain.IsEnded || chain.InFlight > 0)
        {
            return Nothing(chain);
        }

        var draft = new ChainDraft(chain, now);
        draft.Launch(Enumerable.Range(0, chain.Jobs.Count));
        return draft.ToStep();
    }

    /// <summary>Takes in the end of a run.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="result">The end.</param>
    /// <param name="commandSentAt">
    /// When the command of that run says it was sent, if that is known: tells a repeated end of an earlier run for sure.
    /// </param>
    /// <param name="now">The time.</param>
    public static ChainStep Finish(ChainState chain, JobFinished result, DateTimeOffset? commandSentAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(chain);
        ArgumentNullException.ThrowIfNull(result);
        if (result.RequestId != chain.RequestId
            || chain.Plan.Find(result.JobId) is not { } place
            || !IsOfThisRun(result, commandSentAt, chain.Jobs[place]))
        {
            return Nothing(chain);
        }

        var job = chain.Jobs[place];
        var draft = new ChainDraft(chain, now);
        draft.End(place, job with
        {
            State = EndState(result.FinalState),
            Data = result.JobData,
            PrevTries = Math.Clamp(result.PrevTries, 0, 1 + chain.Plan.JobAt(place).Retry),
            TotalTries = Math.Max(job.TotalTries, result.TotalTries),
            Error = result.Error,
        });
        return draft.ToStep();
    }

    /// <summary>The wait of a job is over.</summary>
    public static ChainStep Due(ChainState chain, string jobId, DateTimeOffset sentAt, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (chain.Plan.Find(jobId) is not { } place || !(chain.Jobs[place].IsWaiting && chain.Jobs[place].IsInRun(sentAt)))
        {
            return Nothing(chain);
        }

        var dueAt = chain.Jobs[place].DueAt!.Value;
        if (dueAt - now > EarlyEnough)
        {
            return new ChainStep(chain, [], [new AwaitJob(jobId, sentAt, dueAt)]);
        }

        var draft = new ChainDraft(chain, now);
        draft.EndWait(place);
        return draft.ToStep();
    }

    /// <summary>Stops the chain: nothing is started any more, what waits is withdrawn, what runs is told to stop.</summary>
    public static ChainStep Stop(ChainState chain, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(chain);
        if (chain.IsEnded || chain.IsStopping)
        {
            return Nothing(chain);
        }

        var draft = new ChainDraft(chain, now);
        draft.Stop();
        return draft.ToStep();
    }

    private static ChainStep Nothing(ChainState chain) => new(chain, [], []);

    // Where the run is not named, its counters tell: only a run without a try of its own ends at the counter it started from.
    private static bool IsOfThisRun(JobFinished result, DateTimeOffset? commandSentAt, ChainJob job) =>
        job.State == JobState.Running
        && !job.IsWaiting
        && (commandSentAt is { } sentAt
            ? job.IsInRun(sentAt)
            : result.Tries == 0 || result.FinalState == JobState.Stopped || result.TotalTries > job.TotalTries);

    // A result that says PENDING or RUNNING is none of success: it must not start the job again.
    private static JobState EndState(JobState reported) =>
        reported is JobState.Complete or JobState.Stopped or JobState.Unknown ? reported : JobState.Fail;
}
