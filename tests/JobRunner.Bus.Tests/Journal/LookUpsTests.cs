using System.Threading.Channels;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Tests.Journal;

/// <summary>Look-ups that wait share a reading of the journal.</summary>
public sealed class LookUpsTests
{
    private readonly Channel<(IReadOnlyList<LookUp> Asked, TaskCompletionSource Over)> _readings =
        Channel.CreateUnbounded<(IReadOnlyList<LookUp>, TaskCompletionSource)>();

    private readonly LookUps _lookUps;

    public LookUpsTests() => _lookUps = new LookUps(async asked =>
    {
        var over = new TaskCompletionSource();
        _readings.Writer.TryWrite((asked, over));
        await over.Task;
        foreach (var lookUp in asked)
        {
            lookUp.Answer([new TryLogged(new() { JobId = lookUp.Job.JobId })]);
        }
    });

    private Task<IReadOnlyList<JournalEntry>> AskAsync(string job, CancellationToken cancellationToken = default) =>
        _lookUps.AskAsync(new LookUp(new RunnerKey("r", job), null), cancellationToken);

    private ValueTask<(IReadOnlyList<LookUp> Asked, TaskCompletionSource Over)> ReadingAsync() => _readings.Reader.ReadAsync(TestContext.Current.CancellationToken);

    [Fact]
    public async Task All_that_are_asked_while_one_is_read_share_the_next_reading_and_none_joins_the_one_under_way()
    {
        var first = AskAsync("first");
        var reading = await ReadingAsync();
        var others = Enumerable.Range(0, 100).Select(number => AskAsync($"{number}")).ToList();
        Assert.False(_readings.Reader.TryRead(out _));

        reading.Over.SetResult();
        var next = await ReadingAsync();
        next.Over.SetResult();

        Assert.Equal("first", Assert.Single(reading.Asked).Job.JobId);
        Assert.Equal(100, next.Asked.Count);
        Assert.Equal("first", Assert.IsType<TryLogged>(Assert.Single(await first)).Log.JobId);
        Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number}"), (await Task.WhenAll(others)).Select(found => ((TryLogged)found[0]).Log.JobId));
    }

    [Fact]
    public async Task A_reading_that_fails_fails_those_that_it_was_for_and_the_next_one_reads_again()
    {
        var first = AskAsync("first");
        var reading = await ReadingAsync();
        var second = AskAsync("second");
        reading.Over.SetException(new IOException("the broker is gone"));

        Assert.Equal("the broker is gone", (await Assert.ThrowsAsync<IOException>(() => first)).Message);
        (await ReadingAsync()).Over.SetResult();
        Assert.Single(await second);
    }

    [Fact]
    public async Task Whoever_does_not_want_to_know_any_more_waits_no_longer_and_leaves_the_others_their_answer()
    {
        using var over = new CancellationTokenSource();
        var tired = AskAsync("first", over.Token);
        var reading = await ReadingAsync();
        await over.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => tired);
        var other = AskAsync("other");
        reading.Over.SetResult();
        (await ReadingAsync()).Over.SetResult();
        Assert.Single(await other);
    }
}
