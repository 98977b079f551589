using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runs;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.Serialization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Runs;

public sealed class InMemoryRelayTests
{
    private static readonly RunLeg Leg = new("l1", 2);

    private readonly FakeTimeProvider _time = new(World.Noon);
    private readonly DictionarySendHeaders _headers = new();
    private readonly TaskCompletionSource<RunJob> _sent = new();
    private readonly InMemoryRelay _relay;

    public InMemoryRelayTests() => _relay = new InMemoryRelay(
        Fake.Of<IBus>(("Publish", arguments => PublishAsync((RunJob)arguments[0]!, (IPipe<PublishContext<RunJob>>)arguments[1]!))),
        _time,
        new UntilAccepted(
            TimeProvider.System,
            Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => CancellationToken.None)),
            NullLogger<UntilAccepted>.Instance));

    [Fact]
    public async Task A_run_without_a_wait_is_sent_at_once()
    {
        await _relay.SendOnAsync(World.Command("a"), Leg, TimeSpan.Zero);

        Assert.Equal("a", (await _sent.Task).Job.Id);
    }

    [Fact]
    public async Task A_waiting_run_is_sent_when_it_is_due_with_its_leg()
    {
        await _relay.SendOnAsync(World.Command("a"), Leg, TimeSpan.FromMinutes(5));
        _time.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromTicks(1));
        Assert.False(_sent.Task.IsCompleted);

        _time.Advance(TimeSpan.FromTicks(1));

        await SentAsync();
        Assert.True(_headers.TryGetHeader("jobrunner-leg", out var leg));
        Assert.True(_headers.TryGetHeader("jobrunner-tries-before", out var tries));
        Assert.True(_headers.TryGetHeader("jobrunner-due-at", out var dueAt));
        Assert.Equal(
            ("l1", "2", $"{World.Noon.AddMinutes(5).ToUnixTimeMilliseconds()}"), ((string)leg, (string)tries, (string)dueAt));
    }

    [Fact]
    public async Task A_wait_longer_than_a_timer_takes_is_not_lost_and_comes_back_to_wait_for_the_rest()
    {
        await _relay.SendOnAsync(World.Command("a"), Leg, TimeSpan.FromDays(200));

        _time.Advance(TimeSpan.FromDays(45));

        await SentAsync();
        Assert.True(_headers.TryGetHeader("jobrunner-due-at", out var dueAt));
        Assert.Equal($"{World.Noon.AddDays(200).ToUnixTimeMilliseconds()}", dueAt);
        Assert.True(_headers.TryGetHeader("jobrunner-wait-left", out var left));
        Assert.Equal($"{TimeSpan.FromDays(155).TotalMilliseconds}", left);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("l1")]
    public async Task A_command_that_is_put_back_keeps_the_mark_of_one_delivered_before(string? leg)
    {
        await _relay.RequeueAsync(new CommandDelivery(World.Command("a"), null, Leg with { Id = leg }, null) { Redelivered = true }, TimeSpan.Zero);

        await SentAsync();
        Assert.True(_headers.TryGetHeader("jobrunner-delivered-before", out _));
        Assert.Equal(leg is not null, _headers.TryGetHeader("jobrunner-leg", out _));
    }

    private async Task PublishAsync(RunJob command, IPipe<PublishContext<RunJob>> pipe)
    {
        await pipe.Send(Fake.Of<PublishContext<RunJob>>(("get_Headers", _ => _headers)));
        _sent.SetResult(command);
    }

    private Task SentAsync() => Eventually.HoldsAsync("it is sent", () => _sent.Task.IsCompleted, TimeSpan.FromSeconds(10));
}
