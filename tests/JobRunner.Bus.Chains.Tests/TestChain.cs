using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>A command to send, after a wait.</summary>
internal sealed record Launch(RunJob Command, TimeSpan Wait);

/// <summary>A chain that is driven by hand: what happens goes in, the commands to send come out. Its clock moves only by hand.</summary>
internal sealed class TestChain(ChainState begin)
{
    public static DateTimeOffset Noon { get; } = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public ChainState State { get; private set; } = begin;

    public DateTimeOffset Time { get; set; } = Noon;

    public IReadOnlyList<ChainEffect> Effects { get; private set; } = [];

    /// <summary>Jobs and edges such as "a b c; a>b b>c", each job of type noop.</summary>
    public static TestChain Of(string graph, Func<Job, Job>? change = null)
    {
        var parts = graph.Split(';', StringSplitOptions.TrimEntries);
        var ids = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var edges = parts.Length > 1 ? parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        var next = edges.Select(edge => edge.Split('>')).GroupBy(edge => edge[0], edge => edge[1])
            .ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]);
        return new TestChain(ChainState.New(Plan(ids, next, change)));
    }

    public static ChainPlan Plan(IReadOnlyList<string> ids, IReadOnlyDictionary<string, IReadOnlyList<string>> next, Func<Job, Job>? change = null)
    {
        var chain = new JobChain
        {
            RequestId = "req",
            Jobs = ids.ToDictionary(id => id, id =>
            {
                var job = new Job { Id = id, Name = $"job-{id}", Type = "noop", State = JobState.Pending };
                return change is null ? job : change(job);
            }),
            AdjacencyList = next,
        };
        Assert.Empty(ChainCheck.Check(chain, out var clean));
        return ChainPlan.Of(chain, clean);
    }

    public ChainJob this[string id] => State.Find(id)!;

    public IReadOnlyList<Launch> Start() => Take(ChainRules.Start(State, Time));

    public IReadOnlyList<Launch> Stop() => Take(ChainRules.Stop(State, Time));

    /// <summary>A result that counts one try.</summary>
    public JobFinished Result(string id, JobState state, Action<JsonObject>? write = null)
    {
        var data = (JsonObject)this[id].Data.DeepClone();
        write?.Invoke(data);
        return new JobFinished
        {
            RequestId = State.RequestId,
            JobId = id,
            FinalState = state,
            Tries = 1,
            PrevTries = this[id].PrevTries + 1,
            TotalTries = this[id].TotalTries + 1,
            JobData = data,
        };
    }

    /// <summary>Ends a job; what starts then.</summary>
    public IReadOnlyList<Launch> End(string id, JobState state = JobState.Complete, Action<JsonObject>? write = null)
    {
        Assert.True(TryFinish(Result(id, state, write), out var launches));
        return launches;
    }

    public bool TryFinish(JobFinished result, out IReadOnlyList<Launch> launches, DateTimeOffset? commandSentAt = null) =>
        TryTake(ChainRules.Finish(State, result, commandSentAt, Time), out launches);

    /// <summary>The wait of a job is over; whether it was waiting.</summary>
    public bool TakeDue(Launch launch)
    {
        Time += launch.Wait;
        return TryTake(ChainRules.Due(State, launch.Command.Job.Id, launch.Command.SentAt!.Value, Time), out _);
    }

    private bool TryTake(ChainStep step, out IReadOnlyList<Launch> launches)
    {
        var changed = step.State != State;
        Assert.Equal(changed, step.Changed.Count > 0);
        launches = Take(step);
        return changed;
    }

    private List<Launch> Take(ChainStep step)
    {
        State = step.State;
        Effects = step.Effects;
        return [.. step.Effects.SelectMany(effect => effect switch
        {
            SendJob send => [new Launch(Command(send.JobId), TimeSpan.Zero)],
            AwaitJob wait => [new Launch(Command(wait.JobId), wait.DueAt - Time)],
            _ => Array.Empty<Launch>(),
        })];
    }

    private RunJob Command(string jobId) => State.CommandOf(State.Plan.Find(jobId)!.Value);
}

internal static class LaunchList
{
    /// <summary>The ids of the jobs to send, in order.</summary>
    public static string Ids(this IEnumerable<Launch> launches) => string.Join(' ', launches.Select(launch => launch.Command.Job.Id));
}
