using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Tests.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Tests.Refusals;

/// <summary>What becomes of a command that the worker cannot run by an error of its own.</summary>
public sealed class CommandRetryTests
{
    private static readonly CommandDelivery First = new(
        new RunJob { RequestId = "r", Job = new Job { Id = "j", Type = "t" } }, null, RunLeg.First, null);

    [Fact]
    public async Task It_is_tried_again_five_times_after_waits_that_grow_and_then_refused_with_the_error()
    {
        await using var world = new World();
        List<(CommandDelivery Delivery, TimeSpan Wait)> put = [];
        var retry = Retry(Relay(put), world);

        for (var delivery = First; put.Count < 5; delivery = put[^1].Delivery)
        {
            await retry.RetryAsync(delivery, new InvalidOperationException("no"), CancellationToken.None);
        }

        Assert.Equal([1, 2, 3, 4, 5], put.Select(one => one.Delivery.Failures));
        Assert.Equal(put.Select(one => one.Wait).Order(), put.Select(one => one.Wait));
        Assert.Equal(5, put.Select(one => one.Wait).Distinct().Count());
        Assert.True(put[0].Wait >= TimeSpan.FromSeconds(1), "no hot loop");
        var refused = await Assert.ThrowsAsync<RefusedException>(() => retry.RetryAsync(put[^1].Delivery, new InvalidOperationException("no"), CancellationToken.None));
        Assert.True(refused.TellScheduler);
        Assert.Contains("failed 6 times", refused.Message, StringComparison.Ordinal);
        Assert.Contains("InvalidOperationException: no", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_error_of_a_run_that_broke_is_told_not_that_it_broke()
    {
        await using var world = new World();
        var retry = Retry(Relay([]), world);

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => retry.RetryAsync(First with { Failures = 9 }, new RunAbandonedException(new IOException("disk full")), CancellationToken.None));

        Assert.Contains("IOException: disk full", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_its_run_has_gone_on_since_its_scheduler_is_not_told_that_it_failed()
    {
        await using var world = new World(journal: [new RunSentOn("next", 1)]);

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => Retry(Relay([]), world).RetryAsync(First with { Failures = 9 }, new IOException("disk full"), CancellationToken.None));

        Assert.False(refused.TellScheduler);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_read_keeps_it_from_no_error_queue_and_is_told()
    {
        await using var world = new World();
        var journal = Fake.Of<IJobJournal>((nameof(IJobJournal.ReadAsync), _ => throw new IOException("no journal")));
        var retry = new CommandRetry(Relay([]), ActivatorUtilities.CreateInstance<CrashResumer>(world.Get<IServiceProvider>(), journal), NullLogger<CommandRetry>.Instance);

        var refused = await Assert.ThrowsAsync<RefusedException>(
            () => retry.RetryAsync(First with { Failures = 9 }, new IOException("disk full"), CancellationToken.None));

        Assert.True(refused.TellScheduler);
        Assert.Contains("IOException: disk full; the journal cannot be read (IOException: no journal)", refused.Message, StringComparison.Ordinal);
    }

    private static CommandRetry Retry(IRunRelay relay, World world) => new(relay, world.Get<CrashResumer>(), NullLogger<CommandRetry>.Instance);

    private static IRunRelay Relay(List<(CommandDelivery Delivery, TimeSpan Wait)> put) => Fake.Of<IRunRelay>((nameof(IRunRelay.RequeueAsync), arguments =>
    {
        put.Add(((CommandDelivery)arguments[0]!, (TimeSpan)arguments[1]!));
        return Task.CompletedTask;
    }
    ));
}
