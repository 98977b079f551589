using System.Text.Json;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Tests.Runs;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Leases;

/// <summary>What a worker does about what others say.</summary>
public sealed class LeaseTalkTests : IAsyncDisposable
{
    private static readonly RunnerKey Job = new("r", "j");

    private readonly BrokerLink _link = new(
        Options.Create(new RabbitMqOptions { Uri = "amqp://guest:guest@127.0.0.1:1" }), Options.Create(new WorkerOptions()), new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);

    private readonly WorkerName _worker = new();
    private readonly RunClaims _claims = new();
    private readonly Questions _questions = new(TimeProvider.System);
    private readonly UntilAccepted _until = new(
        TimeProvider.System, Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => CancellationToken.None)), NullLogger<UntilAccepted>.Instance);

    private readonly LeaseTalk _talk;

    public LeaseTalkTests() => _talk = new LeaseTalk(_link, new RunnerRepo(), _claims, _questions, _until, _worker, NullLogger<LeaseTalk>.Instance);

    public ValueTask DisposeAsync() => _link.DisposeAsync();

    private Task HearTakenAsync(string worker) => _talk.HearAsync(
        JsonSerializer.SerializeToUtf8Bytes(new { worker, claim = "~", takes = new { requestId = "r", jobId = "j", prevTries = 0, totalTries = 0 } }),
        TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("a name before all others")]
    [InlineData("~ a name after all others")]
    public async Task Whoever_takes_a_run_over_yields_to_a_worker_that_says_the_same_since(string other)
    {
        using var claim = _claims.TryAdd(Job)!;

        await HearTakenAsync(other);

        Assert.True(claim.HasYielded);
    }

    [Fact]
    public async Task A_workers_own_word_makes_it_yield_nothing()
    {
        using var claim = _claims.TryAdd(Job)!;

        await HearTakenAsync(_worker.Value);

        Assert.False(claim.HasYielded);
    }

    [Fact]
    public async Task Silence_from_before_a_run_was_taken_over_says_nothing_of_who_runs_it_now()
    {
        _questions.Asked(Job);

        await HearTakenAsync("another");

        Assert.Null(_questions.SilenceAbout(Job));
    }

    [Fact]
    public async Task An_answer_that_cannot_leave_is_tried_again_for_as_long_as_the_run_is_here()
    {
        var claim = _claims.TryAdd(Job)!;
        // Nothing leaves: there is no broker.
        var hearing = _talk.HearAsync(
            JsonSerializer.SerializeToUtf8Bytes(new { worker = "another", claim = "~", asks = new { requestId = "r", jobId = "j" } }), TestContext.Current.CancellationToken);
        Assert.False(hearing.IsCompleted);

        claim.Dispose();

        await hearing.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("leg", 1, true)] // another copy of it may have been asked about before this worker heard
    [InlineData("leg", 60, false)]
    [InlineData(null, 1, false)]
    public async Task A_worker_that_has_just_begun_to_hear_says_of_each_leg_that_starts_here_that_it_does(string? leg, int heardFor, bool says)
    {
        await using var world = new World();
        using var claim = _claims.TryAdd(Job)!;
        var leases = Leases(world, new Questions(world.Time));
        world.Time.Advance(TimeSpan.FromSeconds(heardFor));

        // Nothing leaves: there is no broker.
        var saying = leases.StartedAsync(new CommandDelivery(World.Command(), World.Noon, new RunLeg(leg, 0), null), TestContext.Current.CancellationToken);

        Assert.Equal(says, !saying.IsCompleted);
        claim.Dispose();
        await saying.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private BrokerLeases Leases(World world, Questions questions)
    {
        var options = Options.Create(new WorkerOptions { Lease = TimeSpan.FromSeconds(1) });
        var guard = new LeaseGuard(world.Repo, options, world.Time, NullLogger<LeaseGuard>.Instance);
        return new BrokerLeases(
            guard, _talk, questions, _claims, new BrokerLosses(world.Time), _until, world.Get<WorkerMetrics>(), options, world.Time, NullLogger<BrokerLeases>.Instance);
    }

    [Fact]
    public async Task A_word_that_could_not_leave_yet_is_withheld_when_another_workers_comes_first()
    {
        await using var world = new World();
        var questions = new Questions(world.Time);
        var leases = Leases(world, questions);
        questions.Asked(Job);
        world.Time.Advance(TimeSpan.FromMinutes(1));

        // Nothing leaves: there is no broker.
        var claiming = leases.ClaimAsync(new CommandDelivery(World.Command(), World.Noon, RunLeg.First, null), TestContext.Current.CancellationToken);
        Assert.NotNull(_claims.Find(Job));
        await HearTakenAsync("another");

        Assert.Null((await claiming.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Claim);
        Assert.Null(_claims.Find(Job));
    }
}
