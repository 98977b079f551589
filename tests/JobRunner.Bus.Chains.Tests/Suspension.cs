using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>Suspends a chain as Spin Cycle's Job Runner does: what runs is stopped and counts the try it was stopped in.</summary>
internal static class Suspension
{
    public static ChainState GoOn(ChainState chain)
    {
        var suspended = Suspend(chain);
        Assert.Empty(ChainCheck.Check(suspended.JobChain, out var next));
        return ChainState.Resumed(ChainPlan.Of(suspended.JobChain, next), suspended);
    }

    public static SuspendedJobChain Suspend(ChainState chain)
    {
        Dictionary<string, long> total = [], current = [], sequences = [];
        Dictionary<string, Job> jobs = [];
        for (var place = 0; place < chain.Jobs.Count; place++)
        {
            var (plan, now) = (chain.Plan.JobAt(place), chain.Jobs[place]);
            var runs = now is { State: JobState.Running, IsWaiting: false };
            total[plan.Id] = now.TotalTries + (runs ? 1 : 0);
            current[plan.Id] = now.PrevTries + (runs ? 1 : 0);
            sequences[plan.Id] = now.SequenceTries - (now.IsWaiting ? 1 : 0);
            jobs[plan.Id] = plan with { State = runs ? JobState.Stopped : now.IsWaiting ? JobState.Pending : now.State, Data = now.Data };
        }

        return new SuspendedJobChain
        {
            RequestId = chain.RequestId,
            JobChain = new JobChain
            {
                RequestId = chain.RequestId,
                Jobs = jobs,
                AdjacencyList = Enumerable.Range(0, jobs.Count).ToDictionary(
                    place => chain.Plan.JobAt(place).Id,
                    place => (IReadOnlyList<string>)[.. chain.Plan.Next[place].Select(child => chain.Plan.JobAt(child).Id)]),
                State = JobState.Suspended,
                FinishedJobs = chain.FinishedJobs,
            },
            TotalJobTries = total,
            LatestRunJobTries = current,
            SequenceTries = sequences,
        };
    }
}
