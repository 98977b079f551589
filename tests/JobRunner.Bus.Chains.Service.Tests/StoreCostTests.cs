using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.Chains.Service.Store;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>What an event costs.</summary>
public sealed partial class StoreTests
{
    [Fact]
    public async Task An_event_asks_the_database_twice_whether_or_not_the_instance_knows_the_chain()
    {
        var options = await OptionsAsync(ChainStoreKind.PostgreSql);
        ChainStore[] stores = [await OpenAsync(options), await OpenAsync(options)];
        await AddAsync(stores[0], Line("req", "a", "b", "c", "d"));
        var asked = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => asked.Enqueue(activity.RootId!),
        };
        ActivitySource.AddActivityListener(listener);

        foreach (var (store, id) in new[] { (stores[0], "a"), (stores[1], "b"), (stores[0], "c"), (stores[0], "d") })
        {
            var chain = (await store.FindAsync("req", CancellationToken.None))!.State;
            using var here = new Activity(id).Start();
            Assert.NotEmpty((await EndAsync(store, chain, id)).Effects);
            Assert.Equal(2, asked.Count(root => root == here.RootId));
        }
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_fan_out_of_a_thousand_is_one_event(ChainStoreKind kind)
    {
        var store = await OpenAsync(kind);
        await AddAsync(store, FanOut("req", 1_000));

        var step = await EndAsync(store, "req", "first", data => data["k"] = "v");

        Assert.Equal(1_000, step.Effects.Count);
        Assert.Equal(1_000, (await store.FindAsync("req", CancellationToken.None))!.State.InFlight);
    }
}
