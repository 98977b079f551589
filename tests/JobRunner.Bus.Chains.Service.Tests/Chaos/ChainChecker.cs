namespace JobRunner.Bus.Chains.Service.Tests.Chaos;

/// <summary>What a history of chains must hold, whatever was killed meanwhile.</summary>
internal static class ChainChecker
{
    private const int Complete = 3;
    private const int Fail = 4;
    private const int Stopped = 6;

    /// <summary>A command that was under way when the stop was answered may begin, and is stopped.</summary>
    private static readonly TimeSpan StopArrivesWithin = TimeSpan.FromSeconds(2);

    /// <summary>Everything that is wrong.</summary>
    public static IReadOnlyList<string> Check(ChainHistory history)
    {
        List<string> wrong = [];
        var tries = history.Tries.ToLookup(one => one.RequestId);
        var ends = history.Ends.ToLookup(end => end.RequestId);
        foreach (var chain in history.Sent)
        {
            var told = ends[chain.RequestId].ToList();
            if (told.Count == 0)
            {
                wrong.Add($"{chain.RequestId}: did not end");
                continue;
            }

            if (told.Skip(1).Any(other => !IsSame(told[0], other)))
            {
                wrong.Add($"{chain.RequestId}: ended in two ways");
            }

            DateTimeOffset? stop = history.StopsAnswered.TryGetValue(chain.RequestId, out var answered) ? answered : null;
            wrong.AddRange(CheckEnd(chain, told[0], stop is not null).Concat(CheckTries(chain, told[0], tries[chain.RequestId].ToList(), stop)).Select(what => $"{chain.RequestId}: {what}"));
        }

        return wrong;
    }

    private static IEnumerable<string> CheckEnd(SentChain chain, HeardEnd end, bool stopped)
    {
        var states = end.Jobs.Values.Select(job => job.State).ToList();
        var due = states.All(state => state == Complete) ? Complete : states.Contains(Fail) ? Fail : Stopped;
        if (end.State != due)
        {
            yield return $"ended {end.State}, but its jobs say {due}";
        }

        if (end.FinishedJobs != states.Count(state => state == Complete))
        {
            yield return $"finishedJobs is {end.FinishedJobs}, {states.Count(state => state == Complete)} jobs are COMPLETE";
        }

        if (!end.Jobs.Keys.ToHashSet().SetEquals(chain.Previous.Keys))
        {
            yield return "tells of other jobs than were sent";
        }

        if (!stopped && end.State != (chain.AlwaysFail.Count > 0 ? Fail : Complete))
        {
            yield return $"ended {end.State} although nobody stopped it";
        }
    }

    private static IEnumerable<string> CheckTries(SentChain chain, HeardEnd end, IReadOnlyList<HeardTry> heard, DateTimeOffset? stopped)
    {
        foreach (var (id, job) in end.Jobs)
        {
            var tries = heard.Where(one => one.JobId == id).Distinct().OrderBy(one => one.Number).ToList();
            if (!tries.Select(one => one.Number).SequenceEqual(Enumerable.Range(1, job.Tries)))
            {
                yield return $"job {id} logged tries {string.Join(", ", tries.Select(one => one.Number))}; its end says {job.Tries}; {string.Join("; ", tries.Select(one => $"try {one.Number} from {Instant(one.StartedAt):mm:ss.fff} to {Instant(one.FinishedAt):mm:ss.fff} state {one.State}"))}";
            }

            if (job.State is Complete or Fail && tries.LastOrDefault()?.State is { } last && (last == Complete) != (job.State == Complete))
            {
                yield return $"job {id} ended {job.State}, its last try {last}";
            }

            foreach (var one in tries)
            {
                var late = chain.Previous[id].Where(other => !heard.Any(before => before.JobId == other && before.State == Complete && before.FinishedAt <= one.StartedAt));
                foreach (var other in late)
                {
                    yield return $"job {id} began try {one.Number} before job {other} was COMPLETE";
                }

                if (stopped is { } at && Instant(one.StartedAt) > at + StopArrivesWithin)
                {
                    yield return $"job {id} began try {one.Number} {(Instant(one.StartedAt) - at).TotalSeconds:0.0} s after its chain's stop was answered";
                }
            }
        }
    }

    private static bool IsSame(HeardEnd one, HeardEnd other) =>
        (one.State, one.FinishedJobs) == (other.State, other.FinishedJobs) && one.Jobs.OrderBy(job => job.Key, StringComparer.Ordinal).SequenceEqual(other.Jobs.OrderBy(job => job.Key, StringComparer.Ordinal));

    private static DateTimeOffset Instant(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
}
