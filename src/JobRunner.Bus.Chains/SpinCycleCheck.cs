using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>
/// What Spin Cycle's Job Runner refuses beyond <see cref="ChainCheck"/>: its Request Manager makes chains with one first and
/// one last job, and states that fit.
/// </summary>
public static class SpinCycleCheck
{
    /// <summary>Checks a chain that has not run.</summary>
    public static IReadOnlyList<string> CheckUnstarted(JobChain chain)
    {
        var wrong = Check(chain);
        foreach (var (id, job) in chain.Jobs.Where(pair => pair.Value.State != JobState.Pending))
        {
            wrong.Add($"job \"{id}\": state is {job.State.ToSeedName()} ({(byte)job.State}); in a new chain it must be PENDING (1)");
        }

        if (chain.FinishedJobs != 0)
        {
            wrong.Add($"finishedJobs is {chain.FinishedJobs}; in a new chain it must be 0");
        }

        return wrong;
    }

    /// <summary>Checks a chain that was suspended.</summary>
    public static IReadOnlyList<string> CheckSuspended(SuspendedJobChain suspended)
    {
        ArgumentNullException.ThrowIfNull(suspended);
        var chain = suspended.JobChain;
        var wrong = Check(chain);
        foreach (var (id, job) in chain.Jobs.Where(pair => pair.Value.State is not (JobState.Pending or JobState.Complete or JobState.Stopped)))
        {
            wrong.Add($"job \"{id}\": state is {job.State.ToSeedName()} ({(byte)job.State}); in a suspended chain it must be PENDING (1), COMPLETE (3) or STOPPED (6)");
        }

        var complete = chain.Jobs.Values.Count(job => job.State == JobState.Complete);
        if (chain.FinishedJobs != complete)
        {
            wrong.Add($"finishedJobs is {chain.FinishedJobs}; {complete} jobs are COMPLETE");
        }

        return wrong;
    }

    private static List<string> Check(JobChain chain)
    {
        List<string> wrong = [.. ChainCheck.Check(chain, out var next)];
        var children = next.Values.SelectMany(ids => ids).ToHashSet();
        RequireOne("predecessor", [.. chain.Jobs.Keys.Where(id => !children.Contains(id))], wrong);
        RequireOne("successor", [.. chain.Jobs.Keys.Where(id => !next.ContainsKey(id))], wrong);
        return wrong;
    }

    private static void RequireOne(string without, IReadOnlyList<string> ids, List<string> wrong)
    {
        // A cycle or an empty chain is told already.
        if (ids.Count > 1)
        {
            wrong.Add($"{ids.Count} jobs have no {without}: {string.Join(", ", ids.Take(5))}{(ids.Count > 5 ? ", …" : "")}; exactly one must have none");
        }
    }
}
