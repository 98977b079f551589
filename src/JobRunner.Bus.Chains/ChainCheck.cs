using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>What a job chain must hold to be run. Every rule broken is told, not just the first.</summary>
public static class ChainCheck
{
    /// <summary>Checks a chain: any directed acyclic graph of jobs can be run.</summary>
    /// <param name="chain">The chain, as it came.</param>
    /// <param name="next">Its adjacency list without repetitions, unknown jobs and empty entries.</param>
    /// <returns>What is wrong; empty for a chain that can be run.</returns>
    public static IReadOnlyList<string> Check(
        JobChain chain,
        out IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        ArgumentNullException.ThrowIfNull(chain);
        List<string> wrong = [];
        if (chain.Jobs.Count == 0)
        {
            wrong.Add("the chain is empty: \"jobs\" must hold at least one job");
        }

        foreach (var (id, job) in chain.Jobs)
        {
            if (string.IsNullOrWhiteSpace(id))
            {
                wrong.Add("\"jobs\" holds a job with an empty id");
            }

            CheckJob(id, job, chain, wrong);
        }

        next = CheckEdges(chain, wrong);
        if (ChainGraph.FindCycle([.. chain.Jobs.Keys], next) is { } cycle)
        {
            wrong.Add($"adjacencyList has a cycle: {string.Join(" → ", cycle)}; none of these jobs could ever start");
        }
        else
        {
            CheckSequences(chain, next, wrong);
        }

        return wrong;
    }

    private static void CheckJob(string id, Job job, JobChain chain, List<string> wrong)
    {
        if (job.Id.Length > 0 && job.Id != id)
        {
            wrong.Add($"job \"{id}\": its id says \"{job.Id}\"; leave it out or make both the same");
        }

        if (job.State is not (JobState.Unknown or JobState.Pending or JobState.Complete or JobState.Stopped))
        {
            wrong.Add($"job \"{id}\": state is {job.State.ToSeedName()} ({(byte)job.State}); "
                + "a job to run is PENDING (1) or STOPPED (6), one that is done is COMPLETE (3)");
        }

        if (job.SequenceRetry < 0)
        {
            wrong.Add($"job \"{id}\": sequenceRetry is {job.SequenceRetry}; it must be 0 or more");
        }

        if (!GoDuration.TryParse(job.SequenceRetryWait, out var wait) || wait.Nanoseconds < 0)
        {
            wrong.Add($"job \"{id}\": sequenceRetryWait \"{job.SequenceRetryWait}\" is not a duration of 0 or more "
                + "such as \"500ms\", \"1.5s\" or \"1h30m\"");
        }

        // The rules of a command hold here too; the request id is checked once, by whoever makes it.
        var command = new RunJob { RequestId = "-", Job = job with { Id = "-" } };
        wrong.AddRange(RunJobRules.Check(command).Select(rule => $"job \"{id}\": {rule.Replace("job.", "", StringComparison.Ordinal)}"));

        if (job.SequenceId.Length > 0 && !chain.Jobs.ContainsKey(job.SequenceId))
        {
            wrong.Add($"job \"{id}\": sequenceId \"{job.SequenceId}\" is no job of the chain");
        }
    }

    private static Dictionary<string, IReadOnlyList<string>> CheckEdges(JobChain chain, List<string> wrong)
    {
        Dictionary<string, IReadOnlyList<string>> next = [];
        foreach (var (id, children) in chain.AdjacencyList)
        {
            var known = chain.Jobs.ContainsKey(id);
            if (!known)
            {
                wrong.Add($"adjacencyList names job \"{id}\", which is not in \"jobs\"");
            }

            var distinct = children.Distinct().ToList();
            foreach (var child in distinct.Where(child => !chain.Jobs.ContainsKey(child)))
            {
                wrong.Add($"adjacencyList of job \"{id}\" names job \"{child}\", which is not in \"jobs\"");
            }

            distinct.RemoveAll(child => !chain.Jobs.ContainsKey(child));
            if (known && distinct.Count > 0)
            {
                next[id] = distinct;
            }
        }

        return next;
    }

    private static void CheckSequences(
        JobChain chain,
        IReadOnlyDictionary<string, IReadOnlyList<string>> next,
        List<string> wrong)
    {
        var sequences = chain.Jobs
            .Where(pair => pair.Value.SequenceId.Length > 0 && chain.Jobs.ContainsKey(pair.Value.SequenceId))
            .GroupBy(pair => pair.Value.SequenceId, pair => pair.Key);
        foreach (var sequence in sequences)
        {
            var behind = ChainGraph.WithAllBehind(sequence.Key, next);
            foreach (var id in sequence.Where(id => !behind.Contains(id)))
            {
                wrong.Add($"job \"{id}\": sequenceId \"{sequence.Key}\" must be the job itself or one it comes after");
            }
        }
    }
}
