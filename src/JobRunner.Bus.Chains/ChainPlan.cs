using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>What never changes of a chain: its jobs, which follows which, and which sequence each belongs to.</summary>
public sealed class ChainPlan
{
    private readonly Dictionary<string, int> _places;
    private readonly bool[] _starts;
    private readonly ConcurrentDictionary<int, int[]> _behind = new();

    /// <summary>A plan of a checked chain.</summary>
    /// <param name="requestId">Id of the request.</param>
    /// <param name="commands">
    /// One command per job, each after those it follows: what to send, but for counters, job data and time, which are the
    /// ones to begin with.
    /// </param>
    /// <param name="next">Job id → ids of the jobs that follow it.</param>
    public ChainPlan(string requestId, IReadOnlyList<RunJob> commands, IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        RequestId = requestId;
        Commands = commands;
        _places = commands.Select((command, place) => (command.Job.Id, place)).ToDictionary(pair => pair.Id, pair => pair.place);
        Next = [.. commands.Select(command => next.GetValueOrDefault(command.Job.Id, []).Select(id => _places[id]).ToArray())];
        var previous = commands.Select(_ => new List<int>()).ToArray();
        for (var place = 0; place < Next.Count; place++)
        {
            foreach (var child in Next[place])
            {
                previous[child].Add(place);
            }
        }

        Previous = previous;
        Sequences = [.. commands.Select(command => _places[command.Job.SequenceId.Length > 0 ? command.Job.SequenceId : command.Job.Id])];
        _starts = new bool[commands.Count];
        foreach (var start in Sequences)
        {
            _starts[start] = true;
        }
    }

    /// <summary>A plan of a chain that <see cref="ChainCheck"/> has no complaint about.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="next">Its adjacency list, as the check gave it.</param>
    public static ChainPlan Of(JobChain chain, IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        ArgumentNullException.ThrowIfNull(chain);
        return new ChainPlan(
            chain.RequestId,
            [.. ChainGraph.Sort([.. chain.Jobs.Keys], next).Select(id => new RunJob
            {
                RequestId = chain.RequestId,
                Job = chain.Jobs[id] with { Id = id },
                JobData = chain.Jobs[id].Data ?? [],
            })],
            next);
    }

    /// <summary>Id of the request.</summary>
    public string RequestId { get; }

    /// <summary>One command per job, each after those it follows. A job's place here is its place in every list of the plan.</summary>
    public IReadOnlyList<RunJob> Commands { get; }

    /// <summary>The places of the jobs that follow each job.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Next { get; }

    /// <summary>The places of the jobs that each job follows.</summary>
    public IReadOnlyList<IReadOnlyList<int>> Previous { get; }

    /// <summary>The place of the first job of each job's sequence; a job without a sequence is its own.</summary>
    public IReadOnlyList<int> Sequences { get; }

    /// <summary>The job at a place.</summary>
    public Job JobAt(int place) => Commands[place].Job;

    /// <summary>The place of a job; none if it is not of this chain.</summary>
    public int? Find(string jobId) => _places.TryGetValue(jobId, out var place) ? place : null;

    /// <summary>
    /// Whether a job starts a sequence: what others name as their start is one, even if it names another itself, or the tries
    /// of that sequence would never run out.
    /// </summary>
    public bool IsSequenceStart(int place) => _starts[place];

    /// <summary>A job and every job behind it, in the order of the plan.</summary>
    public IReadOnlyList<int> WithAllBehind(int place) => _behind.GetOrAdd(place, static (start, plan) => plan.Walk(start), this);

    /// <summary>Whether a job is the other one or comes after it.</summary>
    public bool IsBehind(int place, int other) => Array.BinarySearch((int[])WithAllBehind(other), place) >= 0;

    private int[] Walk(int start)
    {
        var seen = new bool[Commands.Count];
        seen[start] = true;
        List<int> behind = [];

        // In this order a job is reached after all that may lead to it.
        for (var place = start; place < seen.Length; place++)
        {
            if (seen[place])
            {
                behind.Add(place);
                foreach (var child in Next[place])
                {
                    seen[child] = true;
                }
            }
        }

        return [.. behind];
    }
}
