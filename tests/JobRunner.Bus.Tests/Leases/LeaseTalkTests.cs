using System.Text.Json;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Leases;

/// <summary>What a worker does about what others say.</summary>
public sealed class LeaseTalkTests : IAsyncDisposable
{
    private static readonly RunnerKey Job = new("r", "j");

    private readonly BrokerLink _link = new(
        Options.Create(new RabbitMqOptions()), Options.Create(new WorkerOptions()), new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);

    private readonly WorkerName _worker = new();
    private readonly RunClaims _claims = new();
    private readonly Questions _questions = new(TimeProvider.System);
    private readonly LeaseTalk _talk;

    public LeaseTalkTests() => _talk = new LeaseTalk(_link, new RunnerRepo(), _claims, _questions, _worker, NullLogger<LeaseTalk>.Instance);

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
}
