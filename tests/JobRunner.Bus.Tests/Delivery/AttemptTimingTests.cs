using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Time.Testing;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class AttemptTimingTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(500);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Five_attempts_come_500_ms_apart_by_default()
    {
        await using var rm = await StubRequestManager.StartAsync();
        rm.Always = StubAnswer.Error(500, "invalid connection");
        var time = new TimerWatch();
        await using var delivery = new Delivery(time, ("JobRunner__RequestManager__BaseUrl", rm.BaseUrl));

        var put = delivery.Store.PutAsync(Log(), Ct);
        for (var attempt = 1; attempt <= 4; attempt++)
        {
            await time.WaitForTimersAsync(Delay, attempt);
            Assert.Equal(attempt, rm.Requests.Count);
            time.Advance(Delay - TimeSpan.FromMilliseconds(1));
            Assert.Equal(attempt, rm.Requests.Count);
            time.Advance(TimeSpan.FromMilliseconds(1));
            await rm.WaitForRequestsAsync(attempt + 1);
        }

        await Assert.ThrowsAsync<RetryableDeliveryException>(() => put);
        Assert.Equal(5, rm.Requests.Count);
        Assert.Equal(4, time.Timers(Delay));
    }

    [Fact]
    public async Task An_attempt_takes_ten_seconds_at_most_by_default()
    {
        await using var rm = await StubRequestManager.StartAsync();
        rm.Answer(StubAnswer.Hang);
        var time = new TimerWatch();
        await using var delivery = new Delivery(time, ("JobRunner__RequestManager__BaseUrl", rm.BaseUrl));

        var put = delivery.Store.PutAsync(Log(), Ct);
        await rm.WaitForRequestsAsync(1);
        time.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(0, time.Timers(Delay));
        time.Advance(TimeSpan.FromMilliseconds(1));
        await time.WaitForTimersAsync(Delay, 1);
        time.Advance(Delay);

        Assert.Equal(DeliveryOutcome.Stored, await put);
    }

    /// <summary>Time that stands still, and tells which timers were started.</summary>
    private sealed class TimerWatch : FakeTimeProvider
    {
        private readonly List<TimeSpan> _timers = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            lock (_timers)
            {
                _timers.Add(dueTime);
            }

            return timer;
        }

        public int Timers(TimeSpan dueTime)
        {
            lock (_timers)
            {
                return _timers.Count(timer => timer == dueTime);
            }
        }

        public Task WaitForTimersAsync(TimeSpan dueTime, int count) =>
            TestKit.Eventually.HoldsAsync($"{count} timers of {dueTime}", () => Timers(dueTime) >= count, TimeSpan.FromSeconds(15));
    }
}
