using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <content>What is asked beside events.</content>
public sealed partial class StoreTests
{
    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Questions_tell_which_chains_are_known_how_far_they_are_and_which_run(ChainStoreKind kind)
    {
        var options = await OptionsAsync(kind);
        var store = await OpenAsync(options);
        var questions = new ChainQuestions(ChainDatabase.Of(options));
        foreach (var id in new[] { "old", "ended", "runs" })
        {
            await AddAsync(store, Line(id, "a", "b"));
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        await EndAsync(store, "old", "a");
        await EndAsync(store, "ended", "a");
        await EndAsync(store, "ended", "b");

        Assert.Equal(["ended", "old"], (await questions.KnownAsync(["old", "ended", "none"], CancellationToken.None)).Order());
        Assert.Empty(await questions.KnownAsync([], CancellationToken.None));
        Assert.Equal([("old", 1)], await questions.ProgressAsync(["old", "ended", "none"], CancellationToken.None));
        var list = await questions.ListAsync(10, CancellationToken.None);
        Assert.Equal(["runs RUNNING 0/2", "old RUNNING 1/2", "ended COMPLETE 2/2"], list.Select(chain => $"{chain.RequestId} {chain.State.ToSeedName()} {chain.FinishedJobs}/{chain.TotalJobs}"));
        Assert.Equal((_time.GetUtcNow(), _time.GetUtcNow() - TimeSpan.FromMinutes(1)), (list[2].EndedAt!.Value, list[0].AddedAt!.Value));
        Assert.Equal(["runs"], (await questions.ListAsync(1, CancellationToken.None)).Select(chain => chain.RequestId));
        Assert.Equal(list[0].AddedAt, await questions.AddedAtAsync("runs", CancellationToken.None));
        Assert.Null(await questions.AddedAtAsync("none", CancellationToken.None));
    }
}
