using CsCheck;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Random chains, random ends, random order of arrival.</summary>
public sealed class ChainStateProperties
{
    private static readonly Gen<Dag> AnyDag =
        from size in Gen.Int[1, 12]
        from edges in Gen.Select(Gen.Int[0, size - 1], Gen.Int[0, size - 1]).Array[0, 3 * size]
        from sequences in Gen.Int[0, size - 1].Array[size]
        from retries in Gen.Int[0, 2].Array[size]
        select new Dag(size, edges, sequences, retries);

    [Fact]
    public void All_jobs_run_once_when_all_succeed() => Gen.Select(AnyDag, Gen.Int).Sample((dag, seed) =>
    {
        var runs = Run(dag, new Random(seed), _ => JobState.Complete, out var chain);

        Assert.Equal(JobState.Complete, chain.State);
        Assert.Equal(dag.Size, runs.Count);
        Assert.Equal(dag.Size, runs.Distinct().Count());
    }, iter: 1000);

    [Fact]
    public void No_job_starts_before_those_it_follows_and_none_runs_twice_at_once_whatever_fails() =>
        Gen.Select(AnyDag, Gen.Int, Gen.Int[0, 100]).Sample((dag, seed, percent) =>
        {
            var random = new Random(seed);
            var runs = Run(
                dag,
                random,
                _ => random.Next(100) >= percent ? JobState.Complete : random.Next(4) == 0 ? JobState.Stopped : JobState.Fail,
                out var chain);

            Assert.NotEqual(JobState.Running, chain.State);
            Assert.Equal(chain.Jobs.All(job => job.State == JobState.Complete), chain.State == JobState.Complete);

            // Each try of a sequence holds each of its jobs at most once; those behind another sequence, once per try of either.
            foreach (var job in chain.Jobs)
            {
                var mostTries = chain.Jobs.Where(start => dag.IsBehind(job.Id, start.Id)).Aggregate(1L, (product, start) => product * (1 + start.Job.SequenceRetry));
                Assert.True(runs.Count(id => id == job.Id) <= mostTries);
                Assert.Equal(runs.Count(id => id == job.Id), job.TotalTries);
            }
        }, iter: 1000);

    [Fact]
    public void Without_sequence_retries_each_job_runs_at_most_once() =>
        Gen.Select(AnyDag, Gen.Int).Sample((dag, seed) =>
        {
            var random = new Random(seed);
            var runs = Run(dag with { Retries = new int[dag.Size] }, random, _ => random.Next(3) == 0 ? JobState.Fail : JobState.Complete, out _);

            Assert.Equal(runs.Distinct().Count(), runs.Count);
        }, iter: 1000);

    [Fact]
    public void A_jobs_data_reaches_every_job_behind_it() => Gen.Select(AnyDag, Gen.Int).Sample((dag, seed) =>
    {
        Run(dag, new Random(seed), _ => JobState.Complete, out var chain);

        foreach (var job in chain.Jobs)
        {
            Assert.Equal(
                chain.Jobs.Where(other => dag.IsBehind(job.Id, other.Id)).Select(other => other.Id).Order(),
                job.Data.Select(pair => pair.Key).Order());
        }
    }, iter: 1000);

    private static List<string> Run(Dag dag, Random random, Func<string, JobState> end, out ChainState chain)
    {
        chain = dag.ToChain();
        List<string> runs = [];
        List<Launch> running = [.. chain.Start()];
        while (running.Count > 0)
        {
            foreach (var launch in running)
            {
                Assert.All(dag.Before(launch.Command.Job.Id), JobIsComplete(chain));
            }

            Assert.Equal(running.Count, running.Select(launch => launch.Command.Job.Id).Distinct().Count());
            Assert.False(chain.IsDone);
            var next = running[random.Next(running.Count)];
            running.Remove(next);
            var id = next.Command.Job.Id;
            runs.Add(id);
            Assert.Equal((0, runs.Count(run => run == id) - 1), (next.Command.PrevTries, next.Command.TotalTries));
            running.AddRange(chain.End(id, end(id), data => data[id] = true));
        }

        Assert.True(chain.IsDone);
        return runs;
    }

    private static Action<string> JobIsComplete(ChainState chain) =>
        id => Assert.Equal(JobState.Complete, chain.Find(id)!.State);

    /// <summary>Jobs j0…; an edge goes from the lower to the higher number, so that there is no cycle.</summary>
    private sealed record Dag(int Size, (int, int)[] Edges, int[] Sequences, int[] Retries)
    {
        public override string ToString() =>
            $"{Size} jobs, {string.Join(' ', Edges.Select(edge => $"{edge.Item1}-{edge.Item2}"))}, sequences {string.Join(' ', Sequences)}, retries {string.Join(' ', Retries)}";

        public IEnumerable<string> Before(string id) => Pairs().Where(pair => pair.To == id).Select(pair => pair.From);

        public bool IsBehind(string id, string start) => id == start || Before(id).Any(parent => IsBehind(parent, start));

        public ChainState ToChain()
        {
            var next = Pairs().GroupBy(pair => pair.From, pair => pair.To).ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]);
            return new ChainState(Chains.Request([.. Enumerable.Range(0, Size).Select(i => $"j{i}")], next, WithSequence));
        }

        // Any sequence start will do if the job comes after it; else the job is its own.
        private Job WithSequence(Job job)
        {
            var index = int.Parse(job.Id[1..], System.Globalization.CultureInfo.InvariantCulture);
            var start = $"j{Sequences[index]}";
            return job with { SequenceId = IsBehind(job.Id, start) ? start : "", SequenceRetry = Retries[index] };
        }

        private IEnumerable<(string From, string To)> Pairs() => Edges
            .Where(edge => edge.Item1 != edge.Item2)
            .Select(edge => ($"j{Math.Min(edge.Item1, edge.Item2)}", $"j{Math.Max(edge.Item1, edge.Item2)}"))
            .Distinct();
    }
}
