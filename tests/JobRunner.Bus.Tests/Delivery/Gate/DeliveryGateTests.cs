using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Delivery.Gate;

public sealed class DeliveryGateTests : IDisposable
{
    private static readonly RetryableDeliveryException Down = new("connection refused") { StoreIsDown = true };
    private static readonly RetryableDeliveryException Riddle = new("riddle");
    private static readonly RetryableDeliveryException Busy = new("slow down", 429) { StoreIsBusy = true, StoreIsDown = true };

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeLogger<DeliveryGate> _logger = new();
    private readonly DeliveryGate _gate;

    public DeliveryGateTests() => _gate = new DeliveryGate(Options.Create(new ReportOptions { Concurrency = 4 }), _time, _logger);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => _time.GetUtcNow();

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task As_many_as_the_limit_pass_at_once_and_the_next_when_one_is_through()
    {
        var passes = await PassAsync(4);
        var fifth = EnterAsync();
        Assert.False(fifth.IsCompleted);
        Assert.Equal((4, 1, 4), (_gate.Passing, _gate.Waiting, _gate.Limit));

        passes[0].GotThrough();

        Assert.False((await fifth)!.IsProbe);
        Assert.Equal((4, 0), (_gate.Passing, _gate.Waiting));
    }

    [Fact]
    public async Task A_pass_given_back_without_a_result_makes_room_once()
    {
        var passes = await PassAsync(4);
        var (fifth, sixth) = (EnterAsync(), EnterAsync());

        passes[0].Dispose();
        passes[0].Dispose();

        Assert.NotNull(await fifth);
        Assert.False(sixth.IsCompleted);
    }

    [Fact]
    public async Task A_failure_while_nobody_got_through_shuts_the_gate_and_tells_so()
    {
        var pass = (await EnterAsync())!;
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(new Verdict(OwnTrouble: false, OthersWait: false), pass.Failed(Down, Now.AddSeconds(-2)));

        Assert.True(_gate.IsShut);
        Assert.Equal((3020, LogLevel.Warning), (_logger.LatestRecord.Id.Id, _logger.LatestRecord.Level));
        Assert.Contains("connection refused", _logger.LatestRecord.Message);
        Assert.False(EnterAsync().IsCompleted);
    }

    [Fact]
    public async Task A_failure_after_others_got_through_is_the_logs_own_and_leaves_the_gate_open()
    {
        var begun = Now;
        var (bad, good) = ((await EnterAsync())!, (await EnterAsync())!);
        _time.Advance(TimeSpan.FromSeconds(1));
        good.GotThrough();

        Assert.Equal(new Verdict(OwnTrouble: true, OthersWait: false), bad.Failed(Down, begun));

        Assert.False(_gate.IsShut);
        Assert.True(_gate.GotThroughSince(begun));
        Assert.False(_gate.GotThroughSince(Now));
    }

    [Fact]
    public async Task Shut_the_gate_lets_one_look_at_a_time_after_pauses_that_double_to_five_seconds()
    {
        await ShutAsync(Down);
        foreach (var pause in new[] { 0.5, 1, 2, 4, 5, 5 })
        {
            var probe = EnterAsync();
            using var leaves = new CancellationTokenSource();
            var other = _gate.EnterAsync(Timeout.InfiniteTimeSpan, leaves.Token);
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.False(probe.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True((await probe)!.IsProbe);
            Assert.False(other.IsCompleted);

            (await probe)!.Failed(Down, Now);
            Assert.Equal(1, _gate.Waiting);
            await leaves.CancelAsync();
        }
    }

    [Fact]
    public async Task Probes_take_turns_so_that_a_log_with_trouble_of_its_own_holds_up_nobody()
    {
        await ShutAsync(Down);
        var (bad, good) = (EnterAsync(), EnterAsync());
        _time.Advance(Outage.FirstPause);
        (await bad)!.Failed(Down, Now);
        bad = EnterAsync();
        _time.Advance(Outage.LongestPause);

        (await good)!.GotThrough();

        Assert.False((await bad)!.IsProbe);
        Assert.True((await bad)!.Failed(Down, Now.AddSeconds(-1)).OwnTrouble);
        Assert.False(_gate.IsShut);
    }

    [Fact]
    public async Task While_the_logs_may_be_at_fault_the_next_is_tried_soon_until_there_were_too_many()
    {
        await ShutAsync(Riddle);
        var next = EnterAsync();
        var pauses = new List<TimeSpan>();
        for (var suspect = 0; suspect < 3 * Outage.Suspects; suspect++)
        {
            var after = EnterAsync();
            var since = Now;
            while (_gate.Passing == 0)
            {
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }

            pauses.Add(Now - since);
            (await next.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Ct))!.Failed(Riddle, Now);
            next = after;
        }

        // The gate was shut by a log behind which nobody waited.
        Assert.Equal(Outage.FirstPause, pauses[0]);
        Assert.All(pauses[1..Outage.Suspects], pause => Assert.Equal(Outage.PauseBetweenSuspects, pause));
        Assert.Equal(Outage.LongestPauseBetweenSuspects, pauses[^1]);
    }

    [Fact]
    public async Task A_log_behind_which_nobody_waits_is_tried_after_pauses_that_double()
    {
        await ShutAsync(Riddle);
        foreach (var pause in new[] { 0.5, 1, 2, 4, 5, 5 })
        {
            await ProbeAfterAsync(TimeSpan.FromSeconds(pause), Riddle);
        }
    }

    [Fact]
    public async Task The_first_success_opens_the_gate_slowly_and_tells_how_long_it_was_shut()
    {
        await ShutAsync(Down);
        var waiting = Enumerable.Range(0, 9).Select(_ => EnterAsync()).ToList();
        _time.Advance(TimeSpan.FromMinutes(3));

        (await waiting[0])!.GotThrough();

        Assert.False(_gate.IsShut);
        Assert.Equal((3021, LogLevel.Information), (_logger.LatestRecord.Id.Id, _logger.LatestRecord.Level));
        Assert.Contains("00:03:00", _logger.LatestRecord.Message);
        Assert.Equal(1, _gate.Passing);
        (await waiting[1])!.GotThrough();
        Assert.Equal(2, _gate.Passing);
        (await waiting[2])!.GotThrough();
        (await waiting[3])!.GotThrough();
        Assert.Equal((4, 4), (_gate.Passing, _gate.Limit));
    }

    [Fact]
    public async Task A_delivery_that_was_under_way_opens_the_gate_too()
    {
        var slow = (await EnterAsync())!;
        await ShutAsync(Down);
        var waiting = EnterAsync();

        slow.GotThrough();

        Assert.False((await waiting)!.IsProbe);
    }

    [Fact]
    public async Task Deliveries_that_fail_after_the_gate_was_shut_shut_it_no_further()
    {
        var passes = await PassAsync(3);
        var begun = Now;
        foreach (var pass in passes)
        {
            pass.Failed(Down, begun);
        }

        await ProbeAfterAsync(Outage.FirstPause, Down);
        Assert.Single(_logger.Collector.GetSnapshot());
    }

    [Fact]
    public async Task A_probe_that_was_broken_off_is_followed_by_another_at_once()
    {
        await ShutAsync(Down);
        var (first, second) = (EnterAsync(), EnterAsync());
        _time.Advance(Outage.FirstPause);

        (await first)!.Dispose();

        Assert.True((await second)!.IsProbe);
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(86_400, 600)]
    public async Task A_store_that_asks_to_be_left_alone_is_for_ten_minutes_at_most(int asked, int kept)
    {
        await ShutAsync(new RetryableDeliveryException("busy", 503, retryAfter: TimeSpan.FromSeconds(asked)) { StoreIsDown = true });

        await ProbeAfterAsync(TimeSpan.FromSeconds(kept), Down);
    }

    [Fact]
    public async Task Answers_of_a_busy_store_to_what_was_sent_together_halve_the_limit_once()
    {
        var passes = await PassAsync(3);
        _time.Advance(TimeSpan.FromSeconds(1));
        var good = (await EnterAsync())!;
        good.GotThrough();
        foreach (var pass in passes)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            pass.Failed(Busy, Now.AddSeconds(-1));
        }

        Assert.Equal(2, _gate.Limit);
        var again = (await EnterAsync())!;
        again.Failed(Busy, Now.AddSeconds(-1));
        Assert.Equal(1, _gate.Limit);
    }

    [Fact]
    public async Task Patience_ends_a_wait_and_leaves_no_place_taken()
    {
        await ShutAsync(Down);
        var patient = _gate.EnterAsync(TimeSpan.FromMilliseconds(100), Ct);
        var next = EnterAsync();

        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Null(await patient);
        Assert.Equal(1, _gate.Waiting);
        _time.Advance(Outage.FirstPause);
        Assert.True((await next)!.IsProbe);
    }

    [Fact]
    public async Task A_wait_that_is_given_up_leaves_no_place_taken()
    {
        await ShutAsync(Down);
        using var giveUp = new CancellationTokenSource();
        var waiting = _gate.EnterAsync(Timeout.InfiniteTimeSpan, giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _gate.Waiting);
    }

    [Fact]
    public async Task A_long_outage_is_told_again_every_minute()
    {
        await ShutAsync(Down);
        for (var probe = 0; probe < 60; probe++)
        {
            var next = EnterAsync();
            _time.Advance(Outage.LongestPause);
            (await next)!.Failed(Down, Now);
        }

        Assert.Equal(5, _logger.Collector.GetSnapshot().Count(line => line.Id.Id == 3022));
        Assert.Contains("00:05:00", _logger.LatestRecord.Message);
    }

    private Task<GatePass?> EnterAsync() => _gate.EnterAsync(Timeout.InfiniteTimeSpan, Ct);

    private async Task<GatePass[]> PassAsync(int count) => (await Task.WhenAll(Enumerable.Range(0, count).Select(_ => EnterAsync())))!;

    private async Task ShutAsync(RetryableDeliveryException error) => (await EnterAsync())!.Failed(error, Now);

    private async Task ProbeAfterAsync(TimeSpan pause, RetryableDeliveryException error)
    {
        var probe = EnterAsync();
        _time.Advance(pause - TimeSpan.FromMilliseconds(1));
        Assert.False(probe.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await probe.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System, Ct))!.Failed(error, Now);
    }
}
