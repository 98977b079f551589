using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>Lets a random course of events happen to a chain and to the plain model, and compares them after each.</summary>
internal sealed class Play(Dag dag, Random random)
{
    private readonly PlainChain _plain = new(dag);
    private readonly List<(JobFinished Result, DateTimeOffset SentAt)> _past = [];
    private readonly List<AwaitJob> _pastWaits = [];
    private readonly Dictionary<string, AwaitJob> _waits = [];
    private DateTimeOffset _time = TestChain.Noon;

    public int FailurePercent { get; init; }

    public int StopPercent { get; init; }

    public ChainState Chain { get; private set; } = ChainState.New(dag.ToPlan());

    /// <summary>The jobs that were run, in the order of their ends.</summary>
    public List<string> Runs { get; } = [];

    public void ToTheEnd()
    {
        Begin();
        while (!Chain.IsEnded)
        {
            OneEvent();
        }

        Repeat();
        Nothing(ChainRules.Stop(Chain, _time));
        Nothing(ChainRules.Start(Chain, _time));
    }

    public void Begin() => Take(ChainRules.Start(Chain, _time), _plain.Start());

    public void OneEvent()
    {
        _time += TimeSpan.FromMilliseconds(random.Next(-50, 200));
        Repeat();
        if (random.Next(100) < StopPercent)
        {
            var first = !Chain.IsStopping;
            var step = ChainRules.Stop(Chain, _time);
            if (first)
            {
                _plain.Stop();
                Take(step, []);
            }
            else
            {
                Nothing(step);
            }

            return;
        }

        var running = dag.Ids.Where(id => Chain.Find(id)!.State == JobState.Running).ToList();
        var next = running[random.Next(running.Count)];
        if (Chain.Find(next)!.IsWaiting)
        {
            var wait = _waits[next];
            Assert.Equal([wait], ChainRules.Due(Chain, next, wait.SentAt, wait.DueAt - TimeSpan.FromSeconds(1)).Effects);
            _time = _time > wait.DueAt ? _time : wait.DueAt;
            _plain.Due(next);
            _pastWaits.Add(wait);
            Take(ChainRules.Due(Chain, next, wait.SentAt, _time), [next]);
        }
        else
        {
            End(next);
        }
    }

    private void End(string id)
    {
        var command = Chain.CommandOf(Chain.Plan.Find(id)!.Value);
        Assert.All(dag.Before(id), parent => Assert.Equal(JobState.Complete, Chain.Find(parent)!.State));
        Assert.Equal(_past.Where(past => past.Result.JobId == id).Select(past => past.Result.TotalTries).DefaultIfEmpty(0).Max(), command.TotalTries);
        var state = random.Next(100) >= FailurePercent ? JobState.Complete : random.Next(4) == 0 ? JobState.Stopped : JobState.Fail;

        // A run that was refused has no try of its own.
        var tries = state == JobState.Fail ? random.Next(0, 3) : 1;
        command.JobData[id] = true;
        var result = new JobFinished
        {
            RequestId = Chain.RequestId,
            JobId = id,
            FinalState = state,
            Tries = tries,
            PrevTries = command.PrevTries + tries,
            TotalTries = command.TotalTries + tries,
            JobData = command.JobData,
        };
        Runs.Add(id);
        _past.Add((result, command.SentAt!.Value));
        Take(ChainRules.Finish(Chain, result, random.Next(2) == 0 ? command.SentAt : null, _time), _plain.End(id, state));
    }

    private void Repeat()
    {
        foreach (var (result, sentAt) in _past.Where(_ => random.Next(4) == 0))
        {
            Nothing(ChainRules.Finish(Chain, result, sentAt, _time));
            if (result is { Tries: > 0, FinalState: not JobState.Stopped })
            {
                Nothing(ChainRules.Finish(Chain, result, commandSentAt: null, _time));
            }

            Nothing(ChainRules.Finish(Chain, result with { RequestId = "another" }, sentAt, _time));
        }

        foreach (var wait in _pastWaits)
        {
            Nothing(ChainRules.Due(Chain, wait.JobId, wait.SentAt, DateTimeOffset.MaxValue));
        }
    }

    private void Nothing(ChainStep step)
    {
        Assert.Same(Chain, step.State);
        Assert.Empty(step.Effects);
        Assert.Empty(step.Changed);
    }

    private void Take(ChainStep step, IReadOnlyList<string> launched)
    {
        var (before, after) = (Chain, step.State);
        Chain = after;
        foreach (var wait in step.Effects.OfType<AwaitJob>())
        {
            _waits[wait.JobId] = wait;
        }

        Assert.Equal(launched.Order(), step.Effects.Select(IdOf).OfType<string>().Order());
        Assert.Equal(_plain.States, dag.Ids.ToDictionary(id => id, id => after.Find(id)!.State));
        Assert.Equal(_plain.Waiting.Order(), dag.Ids.Where(id => after.Find(id)!.IsWaiting).Order());
        Assert.Equal((_plain.Complete, _plain.State, _plain.IsOver), (after.FinishedJobs, after.State, after.IsEnded));
        Assert.Equal(after.IsEnded ? 1 : 0, step.Effects.Count(effect => effect is TellEnd));
        Assert.Equal(after.Jobs.Count(job => job.State == JobState.Running), after.InFlight);
        Assert.True(!after.IsEnded || after.Retrying.Count == 0);
        var changed = Enumerable.Range(0, after.Jobs.Count).Where(place => !ReferenceEquals(before.Jobs[place], after.Jobs[place]));
        Assert.Equal(changed, step.Changed.Order());
        Assert.All(step.Effects.OfType<SendJob>(), send => Assert.Equal(after.Find(send.JobId)!.SentAt, send.SentAt));
    }

    private static string? IdOf(ChainEffect effect) => effect switch
    {
        SendJob send => send.JobId,
        AwaitJob wait => wait.JobId,
        _ => null,
    };
}
