using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Delivery.Gate;

public sealed class DeliveryGateTests : IDisposable
{
    private static readonly RetryableDeliveryException Down = new("connection refused") { StoreIsDown = true };
    private static readonly RetryableDeliveryException Riddle = new("riddle");

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly FakeLogger<DeliveryGate> _logger = new();
    private readonly DeliveryGate _gate;

    public DeliveryGateTests() => _gate = new DeliveryGate(_time, _logger);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _gate.Dispose();

    [Fact]
    public async Task Open_it_lets_every_delivery_through()
    {
        var deliveries = Enumerable.Range(0, 100).Select(_ => new Delivery(_gate)).ToList();

        Assert.All(deliveries, delivery => Assert.True(delivery.IsAtStore));
        deliveries.ForEach(delivery => delivery.Succeed());
        await Task.WhenAll(deliveries.Select(delivery => delivery.Result));
    }

    [Fact]
    public async Task A_failure_while_nobody_got_through_shuts_the_gate_and_tells_so()
    {
        var delivery = new Delivery(_gate);
        delivery.Fail(Down);

        await delivery.WaitsAsync();
        Assert.True(_gate.IsShut);
        Assert.Equal((3020, LogLevel.Warning), (_logger.LatestRecord.Id.Id, _logger.LatestRecord.Level));
        Assert.Contains("connection refused", _logger.LatestRecord.Message);
        Assert.False(new Delivery(_gate).IsAtStore);
    }

    [Fact]
    public async Task A_failure_after_others_got_through_is_the_logs_own_and_leaves_the_gate_open()
    {
        var (bad, good) = (new Delivery(_gate), new Delivery(_gate));
        _time.Advance(TimeSpan.FromSeconds(1));
        good.Succeed();
        await good.Result;

        bad.Fail(Down);

        Assert.Same(Down, await Assert.ThrowsAsync<RetryableDeliveryException>(() => bad.Result));
        Assert.False(_gate.IsShut);
    }

    [Fact]
    public async Task Shut_the_gate_lets_one_look_at_a_time_after_pauses_that_double_to_five_seconds()
    {
        var first = await ShutAsync(Down);
        var other = new Delivery(_gate);
        var turns = new Queue<Delivery>([first, other]);
        foreach (var pause in new[] { 0.5, 1, 2, 4, 5, 5 })
        {
            _time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.DoesNotContain(turns, delivery => delivery.IsAtStore);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            var probe = turns.Dequeue();
            await probe.IsAtStoreAsync();
            Assert.False(turns.Peek().IsAtStore);

            probe.Fail(Down);
            await probe.WaitsAsync();
            turns.Enqueue(probe);
        }
    }

    [Fact]
    public async Task Deliveries_take_turns_so_that_a_log_with_trouble_of_its_own_holds_up_nobody()
    {
        var bad = await ShutAsync(Down);
        var good = new Delivery(_gate);
        _time.Advance(DeliveryGate.FirstPause);
        await bad.IsAtStoreAsync();
        bad.Fail(Down);
        await bad.WaitsAsync();
        _time.Advance(DeliveryGate.LongestPause);

        await good.IsAtStoreAsync();
        good.Succeed();
        await good.Result;

        Assert.False(_gate.IsShut);
        await bad.IsAtStoreAsync();
        bad.Fail(Down);
        await Assert.ThrowsAsync<RetryableDeliveryException>(() => bad.Result);
        Assert.False(_gate.IsShut);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_that_may_be_at_fault_is_not_held_and_the_next_is_tried_soon(bool named)
    {
        Exception error = named ? Riddle : new InvalidOperationException("what no rule names");
        var suspect = new Delivery(_gate);
        suspect.Fail(error);
        Assert.Same(error, await Assert.ThrowsAnyAsync<Exception>(() => suspect.Result));
        Assert.Contains(named ? "riddle" : "InvalidOperationException: what no rule names", _logger.LatestRecord.Message);

        for (var number = 0; number < 50; number++)
        {
            var next = new Delivery(_gate);
            _time.Advance(DeliveryGate.PauseAfterSuspect - TimeSpan.FromMilliseconds(1));
            Assert.False(next.IsAtStore);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            await next.IsAtStoreAsync();
            next.Fail(error);
            await Assert.ThrowsAnyAsync<Exception>(() => next.Result);
        }
    }

    [Fact]
    public async Task The_first_success_opens_the_gate_and_tells_how_long_it_was_shut()
    {
        await ShutAsync(Down);
        var waiting = Enumerable.Range(0, 9).Select(_ => new Delivery(_gate)).ToList();
        var first = (await EventuallyAtStoreAsync(TimeSpan.FromMinutes(3)))!;

        first.Succeed();
        await first.Result;

        Assert.False(_gate.IsShut);
        Assert.Equal((3021, LogLevel.Information), (_logger.LatestRecord.Id.Id, _logger.LatestRecord.Level));
        Assert.Contains("00:03:00", _logger.LatestRecord.Message);
        foreach (var delivery in waiting)
        {
            await delivery.IsAtStoreAsync();
        }

        Assert.Equal(0, _gate.Waiting);
    }

    [Fact]
    public async Task A_delivery_that_was_under_way_opens_the_gate_too()
    {
        var slow = new Delivery(_gate);
        await ShutAsync(Down);
        var waiting = new Delivery(_gate);

        slow.Succeed();

        await waiting.IsAtStoreAsync();
    }

    [Fact]
    public async Task Deliveries_that_fail_after_the_gate_was_shut_shut_it_no_further()
    {
        var deliveries = Enumerable.Range(0, 3).Select(_ => new Delivery(_gate)).ToList();
        foreach (var delivery in deliveries)
        {
            delivery.Fail(Down);
            await delivery.WaitsAsync();
        }

        _time.Advance(DeliveryGate.FirstPause);
        await deliveries[0].IsAtStoreAsync();
        Assert.Single(_logger.Collector.GetSnapshot());
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_opens_the_gate()
    {
        await ShutAsync(Down);
        var refused = new Delivery(_gate);
        var probe = (await EventuallyAtStoreAsync(DeliveryGate.FirstPause))!;

        probe.Fail(new PermanentDeliveryException("too long", 400));

        await Assert.ThrowsAsync<PermanentDeliveryException>(() => probe.Result);
        await refused.IsAtStoreAsync();
    }

    [Theory]
    [InlineData(30, 30)]
    [InlineData(86_400, 600)]
    public async Task A_store_that_asks_to_be_left_alone_is_for_ten_minutes_at_most(int asked, int kept)
    {
        var held = await ShutAsync(new RetryableDeliveryException("busy", 503, retryAfter: TimeSpan.FromSeconds(asked)) { StoreIsDown = true });

        _time.Advance(TimeSpan.FromSeconds(kept) - TimeSpan.FromMilliseconds(1));
        Assert.False(held.IsAtStore);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        await held.IsAtStoreAsync();
    }

    [Fact]
    public async Task Patience_ends_a_wait_and_leaves_no_place_taken()
    {
        await ShutAsync(Down);
        var patient = new Delivery(_gate, TimeSpan.FromMilliseconds(100));

        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.True((await Assert.ThrowsAsync<RetryableDeliveryException>(() => patient.Result)).StoreIsDown);
        Assert.Equal(1, _gate.Waiting);
    }

    [Fact]
    public async Task A_wait_that_is_cancelled_leaves_no_place_taken()
    {
        await ShutAsync(Down);
        using var giveUp = new CancellationTokenSource();
        var waiting = _gate.RunAsync(() => Task.CompletedTask, Timeout.InfiniteTimeSpan, giveUp.Token);

        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(1, _gate.Waiting);
    }

    [Fact]
    public async Task A_delivery_that_is_cancelled_at_the_store_lets_the_next_look()
    {
        using var lost = new CancellationTokenSource();
        await ShutAsync(Down);
        var next = new Delivery(_gate);
        var first = (await EventuallyAtStoreAsync(DeliveryGate.FirstPause))!;
        var cancelled = new Delivery(_gate, cancellation: lost.Token);
        first.Fail(Down);
        await first.WaitsAsync();
        _time.Advance(DeliveryGate.LongestPause);
        await next.IsAtStoreAsync();
        next.Fail(Down);
        await next.WaitsAsync();
        _time.Advance(DeliveryGate.LongestPause);
        await cancelled.IsAtStoreAsync();

        await lost.CancelAsync();
        cancelled.Fail(new OperationCanceledException(lost.Token));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.Result);
        await first.IsAtStoreAsync();
    }

    [Fact]
    public async Task A_long_outage_is_told_again_every_minute()
    {
        var held = await ShutAsync(Down);
        for (var probe = 0; probe < 60; probe++)
        {
            _time.Advance(DeliveryGate.LongestPause);
            await held.IsAtStoreAsync();
            held.Fail(Down);
            await held.WaitsAsync();
        }

        Assert.Equal(5, _logger.Collector.GetSnapshot().Count(line => line.Id.Id == 3022));
        Assert.Contains("00:05:00", _logger.LatestRecord.Message);
    }

    private readonly List<Delivery> _held = [];

    private async Task<Delivery> ShutAsync(RetryableDeliveryException error)
    {
        var delivery = new Delivery(_gate);
        delivery.Fail(error);
        await delivery.WaitsAsync();
        _held.Add(delivery);
        return delivery;
    }

    private async Task<Delivery?> EventuallyAtStoreAsync(TimeSpan after)
    {
        _time.Advance(after);
        await _held[0].IsAtStoreAsync();
        return _held[0];
    }

    /// <summary>A delivery whose end at the store the test says.</summary>
    private sealed class Delivery
    {
        private readonly Lock _lock = new();
        private readonly DeliveryGate _gate;
        private TaskCompletionSource? _store;

        public Delivery(DeliveryGate gate, TimeSpan? patience = null, CancellationToken cancellation = default)
        {
            _gate = gate;
            Result = gate.RunAsync(AtStoreAsync, patience ?? Timeout.InfiniteTimeSpan, cancellation);
        }

        public Task Result { get; }

        public bool IsAtStore
        {
            get
            {
                lock (_lock)
                {
                    return _store is not null;
                }
            }
        }

        public Task IsAtStoreAsync() => TestKit.Eventually.HoldsAsync("it is at the store", () => IsAtStore, TimeSpan.FromSeconds(10));

        public Task WaitsAsync()
        {
            var before = _gate;
            return TestKit.Eventually.HoldsAsync("it waits at the gate", () => before.Waiting > 0 && !IsAtStore, TimeSpan.FromSeconds(10));
        }

        public void Succeed() => Leave().SetResult();

        public void Fail(Exception error) => Leave().SetException(error);

        private Task AtStoreAsync()
        {
            lock (_lock)
            {
                _store = new TaskCompletionSource();
                return _store.Task;
            }
        }

        private TaskCompletionSource Leave()
        {
            lock (_lock)
            {
                var store = _store!;
                _store = null;
                return store;
            }
        }
    }
}
