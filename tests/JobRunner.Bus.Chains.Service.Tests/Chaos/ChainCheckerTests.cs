namespace JobRunner.Bus.Chains.Service.Tests.Chaos;

/// <summary>The checker finds what is broken in a history, each thing by itself.</summary>
public sealed class ChainCheckerTests
{
    private const long Second = 1_000_000_000;
    private const long Begin = 1_767_323_045 * Second;

    private static readonly SentChain Sent = new(
        "r", new Dictionary<string, IReadOnlyList<string>> { ["a"] = [], ["b"] = ["a"] }, []);

    private static readonly HeardTry[] Tries = [Try("a", 1, 0, 4), Try("a", 2, 1, 3), Try("b", 1, 2, 3)];

    private static readonly HeardEnd End = EndOf(3, 2, ("a", 3, 2), ("b", 3, 1));

    private static readonly ChainHistory Good = new() { Sent = [Sent], Tries = Tries, Ends = [End] };

    [Fact]
    public void A_good_history_has_nothing_wrong_though_things_are_heard_twice() =>
        Assert.Empty(ChainChecker.Check(Good with { Tries = [.. Tries, .. Tries], Ends = [End, End] }));

    [Fact]
    public void A_stopped_chain_may_stand_anywhere() => Assert.Empty(ChainChecker.Check(Good with
    {
        Tries = [Try("a", 1, 0, 6)],
        Ends = [EndOf(6, 0, ("a", 6, 1), ("b", 1, 0))],
        StopsAnswered = new Dictionary<string, DateTimeOffset> { ["r"] = DateTimeOffset.FromUnixTimeSeconds(Begin / Second) },
    }));

    [Fact]
    public void Each_broken_promise_is_found()
    {
        Finds("did not end", Good with { Ends = [] });
        Finds("ended in two ways", Good with { Ends = [End, EndOf(3, 2, ("a", 3, 3), ("b", 3, 1))] });
        Finds("ended 4, but its jobs say 3", Good with { Ends = [EndOf(4, 2, ("a", 3, 2), ("b", 3, 1))] });
        Finds("finishedJobs is 1", Good with { Ends = [EndOf(3, 1, ("a", 3, 2), ("b", 3, 1))] });
        Finds("tells of other jobs", Good with { Sent = [Sent with { Previous = new Dictionary<string, IReadOnlyList<string>> { ["a"] = [], ["b"] = [], ["c"] = [] } }] });
        Finds("although nobody stopped it", Good with { Sent = [Sent with { AlwaysFail = ["a"] }] });
        Finds("ended 6 although nobody stopped it", Good with { Tries = [Try("a", 1, 0, 6)], Ends = [EndOf(6, 0, ("a", 6, 1), ("b", 1, 0))] });
        Finds("job a logged tries 2; its end says 2", Good with { Tries = Tries[1..] });
        Finds("job a logged tries 1, 2, 2; its end says 2", Good with { Tries = [.. Tries, Try("a", 2, 1.5, 3)] });
        Finds("job b logged tries 1, 2; its end says 1", Good with { Tries = [.. Tries, Try("b", 2, 3, 3)] });
        Finds("job b ended 3, its last try 4", Good with { Tries = [Tries[0], Tries[1], Try("b", 1, 2, 4)] });
        Finds("job b began try 1 before job a was COMPLETE", Good with { Tries = [Tries[0], Tries[1], Try("b", 1, 0.5, 3)] });
        Finds("after its chain's stop was answered", Good with
        {
            StopsAnswered = new Dictionary<string, DateTimeOffset> { ["r"] = DateTimeOffset.FromUnixTimeSeconds(Begin / Second).AddSeconds(-1) },
        });
    }

    private static void Finds(string what, ChainHistory broken) =>
        Assert.Contains(ChainChecker.Check(broken), wrong => wrong.Contains(what, StringComparison.Ordinal));

    private static HeardTry Try(string job, int number, double at, int state) =>
        new("r", job, number, Begin + (long)(at * Second), Begin + (long)((at + 0.4) * Second), state);

    private static HeardEnd EndOf(int state, int finished, params (string Id, int State, int Tries)[] jobs) =>
        new("r", state, finished, jobs.ToDictionary(job => job.Id, job => (job.State, job.Tries)));
}
