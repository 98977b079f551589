using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

[assembly: AssemblyFixture(typeof(PostgreSqlServer))]
[assembly: AssemblyFixture(typeof(MariaDbServer))]

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>The same promises by every store, on real servers.</summary>
public sealed partial class StoreTests(PostgreSqlServer postgres, MariaDbServer maria) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-chains-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero));

    public static TheoryData<ChainStoreKind> Stores => [ChainStoreKind.Sqlite, ChainStoreKind.PostgreSql, ChainStoreKind.MySql];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_chain_is_added_once_and_its_first_job_is_to_be_sent(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);

        var added = await AddAsync(store, Line("req", "a", "b"));
        Assert.Null(await AddAsync(store, Line("req", "x")));

        Assert.Equal("a", Assert.IsType<SendJob>(Assert.Single(added!.Effects)).JobId);
        Assert.Equal((JobState.Running, 2), (added.State.State, added.State.Jobs.Count));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Another_instance_goes_on_where_one_stands(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);
        var one = await OpenAsync(options);
        var other = await OpenAsync(options);
        await AddAsync(one, Line("req", "a", "b", "c"));

        foreach (var (id, store) in new[] { ("a", other), ("b", one), ("c", other) })
        {
            var step = await EndAsync(store, "req", id, data => data[id] = "ü\u0000 \"9007199254740993\"");
            Assert.Equal(id == "c" ? 0 : 1, step.Effects.OfType<SendJob>().Count());
        }

        var ended = (await one.FindAsync("req", CancellationToken.None))!.State;
        Assert.Equal((JobState.Complete, 3, _time.GetUtcNow()), (ended.State, ended.FinishedJobs, ended.EndedAt!.Value));
        Assert.Equal(["a", "b", "c"], ended.Find("c")!.Data.Select(pair => pair.Key));
        Assert.Equal("ü\u0000 \"9007199254740993\"", (string)ended.Find("c")!.Data["a"]!);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task An_end_told_twice_by_two_instances_at_once_starts_what_follows_once(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);
        ChainStore[] stores = [await OpenAsync(options), await OpenAsync(options), await OpenAsync(options)];
        await AddAsync(stores[0], FanOut("req", 20));
        var first = (await stores[0].FindAsync("req", CancellationToken.None))!.State;

        var steps = await Task.WhenAll(stores.Select(store => Task.Run(() => EndAsync(store, first, "first"))));
        Assert.Equal(20, steps.Sum(step => step.Effects.Count));

        var fanned = (await stores[0].FindAsync("req", CancellationToken.None))!.State;
        var ends = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(() => EndAsync(stores[i % 3], fanned, $"j{i % 20}"))));
        Assert.Equal("last", Assert.IsType<SendJob>(Assert.Single(ends.SelectMany(end => end.Effects))).JobId);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task What_was_not_sent_is_claimed_by_one_instance_after_its_time_until_it_was_sent(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);
        var one = await OpenAsync(options);
        var other = await OpenAsync(options);
        var added = await AddAsync(one, Line("req", "a", "b"));
        Assert.Empty(await other.ClaimOverdueAsync(10, CancellationToken.None));
        Assert.Equal(added!.Effects, Assert.Single(await other.UndoneAsync("req", CancellationToken.None)).Effects);

        _time.Advance(TimeSpan.FromSeconds(10));

        var claimed = Assert.Single(await other.ClaimOverdueAsync(10, CancellationToken.None));
        Assert.Equal((added.Version, added.Effects[0]), (claimed.Version, claimed.Effects[0]));
        Assert.Equal(added.State.CommandOf(0).SentAt, claimed.State.CommandOf(0).SentAt);
        Assert.Empty(await one.ClaimOverdueAsync(10, CancellationToken.None));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Single(await one.ClaimOverdueAsync(10, CancellationToken.None));
        await one.DoneAsync([("req", claimed.Version), ("none", 1)], CancellationToken.None);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(await one.ClaimOverdueAsync(10, CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Nothing_is_kept_of_an_event_that_changes_nothing(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);
        var added = await AddAsync(store, Line("req", "a"));

        var step = await store.ApplyAsync("req", (chain, now) => ChainRules.Start(chain, now), CancellationToken.None);

        Assert.Equal((added!.Version, 0), (step!.Version, step.Effects.Count));
        Assert.Null(await store.ApplyAsync("another", (chain, now) => ChainRules.Stop(chain, now), CancellationToken.None));
        Assert.Null(await store.FindAsync("another", CancellationToken.None));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Ids_that_differ_by_case_are_different_chains_and_jobs(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);

        Assert.NotNull(await AddAsync(store, Line("Req", "ab", "aB", "ä")));
        Assert.NotNull(await AddAsync(store, Line("req", "ab")));
        await EndAsync(store, "Req", "ab");
        await EndAsync(store, "Req", "aB");

        Assert.Equal([JobState.Complete, JobState.Complete, JobState.Running], (await store.FindAsync("Req", CancellationToken.None))!.State.Jobs.Select(job => job.State));
        Assert.Equal(JobState.Running, (await store.FindAsync("req", CancellationToken.None))!.State.Jobs[0].State);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Ended_chains_are_deleted_after_their_time_and_others_are_not(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);
        await AddAsync(store, Line("old", "a"));
        await AddAsync(store, Line("runs", "a"));
        await EndAsync(store, "old", "a");
        Assert.Equal(0, await store.DeleteEndedAsync(10, CancellationToken.None));
        Assert.NotNull(await store.FindAsync("old", CancellationToken.None));

        _time.Advance(TimeSpan.FromDays(7));

        Assert.Equal(1, await store.DeleteEndedAsync(10, CancellationToken.None));
        Assert.Null(await store.FindAsync("old", CancellationToken.None));
        Assert.Equal(["runs"], (await store.ClaimOverdueAsync(10, CancellationToken.None)).Select(chain => chain.State.RequestId));
        Assert.NotNull(await AddAsync(store, Line("old", "a")));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_resumed_chain_keeps_its_counters(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);
        var chain = Line("req", "a", "b");
        var suspended = new SuspendedJobChain
        {
            RequestId = "req",
            JobChain = chain with { Jobs = chain.Jobs.ToDictionary(pair => pair.Key, pair => pair.Value with { Retry = 3, State = pair.Key == "a" ? JobState.Stopped : JobState.Pending }) },
            LatestRunJobTries = new Dictionary<string, long> { ["a"] = 2 },
            TotalJobTries = new Dictionary<string, long> { ["a"] = 7 },
            SequenceTries = new Dictionary<string, long> { ["a"] = 1 },
        };
        Assert.Empty(ChainCheck.Check(suspended.JobChain, out var next));

        await store.AddAsync(suspended, ChainPlan.Of(suspended.JobChain, next), CancellationToken.None);

        var command = (await store.FindAsync("req", CancellationToken.None))!.State.CommandOf(0);
        Assert.Equal((1, 7), (command.PrevTries, command.TotalTries));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Instances_that_start_at_once_make_the_tables_together(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Task.Run(() => OpenAsync(options))));

        Assert.NotNull(await AddAsync(await OpenAsync(options), Line("req", "a")));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Tables_of_a_later_version_are_left_alone(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);
        await OpenAsync(options);
        await using (var connection = await ChainDatabase.Of(options).OpenAsync(CancellationToken.None))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO chain_schema (version) VALUES (99)";
            await command.ExecuteNonQueryAsync();
        }

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => OpenAsync(options));
        Assert.Contains("a later version of this program", error.Message, StringComparison.Ordinal);
    }

    private async Task<ChainStore> OpenAsync(ChainStoreKind kind) => await OpenAsync(await OptionsAsync(kind));

    private async Task<ChainStore> OpenAsync(ChainsOptions options)
    {
        var store = new ChainStore(ChainDatabase.Of(options), Options.Create(options), _time);
        await store.PrepareAsync(CancellationToken.None);
        return store;
    }

    private async Task<ChainsOptions> OptionsAsync(ChainStoreKind kind) => new()
    {
        Store = kind,
        ConnectionString = kind switch
        {
            ChainStoreKind.PostgreSql => await postgres.NewDatabaseAsync(),
            ChainStoreKind.MySql => await maria.NewDatabaseAsync(),
            _ => $"Data Source={Path.Combine(_folder, "chains.db")};Pooling=False",
        },
    };

    private static Task<StoredChain?> AddAsync(ChainStore store, JobChain chain)
    {
        Assert.Empty(ChainCheck.Check(chain, out var next));
        return store.AddAsync(new SuspendedJobChain { RequestId = chain.RequestId, JobChain = chain }, ChainPlan.Of(chain, next), CancellationToken.None);
    }

    private static async Task<StoredChain> EndAsync(ChainStore store, string requestId, string jobId, Action<System.Text.Json.Nodes.JsonObject>? write = null) =>
        await EndAsync(store, (await store.FindAsync(requestId, CancellationToken.None))!.State, jobId, write);

    private static async Task<StoredChain> EndAsync(ChainStore store, ChainState chain, string jobId, Action<System.Text.Json.Nodes.JsonObject>? write = null)
    {
        var command = chain.CommandOf(chain.Plan.Find(jobId)!.Value);
        write?.Invoke(command.JobData);
        var result = new JobFinished
        {
            RequestId = chain.RequestId,
            JobId = jobId,
            FinalState = JobState.Complete,
            Tries = 1,
            PrevTries = 1,
            TotalTries = 1,
            JobData = command.JobData,
        };
        return (await store.ApplyAsync(chain.RequestId, (now, time) => ChainRules.Finish(now, result, command.SentAt, time), CancellationToken.None))!;
    }

    private static JobChain Line(string requestId, params string[] ids) => new()
    {
        RequestId = requestId,
        Jobs = ids.ToDictionary(id => id, id => new Job { Id = id, Type = "noop", State = JobState.Pending }),
        AdjacencyList = ids.Zip(ids.Skip(1)).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second]),
    };

    private static JobChain FanOut(string requestId, int width)
    {
        var ids = Enumerable.Range(0, width).Select(i => $"j{i}").ToList();
        return new JobChain
        {
            RequestId = requestId,
            Jobs = ids.Append("first").Append("last").ToDictionary(id => id, id => new Job { Id = id, Type = "noop", State = JobState.Pending }),
            AdjacencyList = ids.ToDictionary(id => id, _ => (IReadOnlyList<string>)["last"]).Append(new("first", ids)).ToDictionary(),
        };
    }
}
