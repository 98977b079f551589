using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Tests.Runs;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Record;

/// <summary>Telling schedulers, however long the broker is away.</summary>
public sealed class PublisherTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger<UntilAccepted> _logger = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<JobFinished> _published = [];
    private int _attempts;
    private int _refusals;
    private int _tooLargeFrom = int.MaxValue;

    [Fact]
    public async Task The_end_of_a_run_says_all_that_a_resume_needs()
    {
        var command = new RunJob { RequestId = "r", Job = new Job { Id = "j" } };

        await Publisher().PublishAsync(command, new Return
        {
            FinalState = JobState.Stopped,
            Tries = 3,
            Next = new TryCounters(2, 7),
            JobData = new JsonObject { ["k"] = "v" },
            Error = "why",
        });

        var end = Assert.Single(_published);
        Assert.Equal(
            ("r", "j", JobState.Stopped, 3L, 2L, 7L, "why"),
            (end.RequestId, end.JobId, end.FinalState, end.Tries, end.PrevTries, end.TotalTries, end.Error));
        Assert.Equal("""{"k":"v"}""", end.JobData.ToJsonString());
    }

    [Fact]
    public async Task It_is_tried_until_the_broker_takes_it_and_one_warning_tells_of_all_refusals()
    {
        _refusals = 40;

        var publishing = Publisher().PublishAsync(new JobFinished { RequestId = "r", JobId = "j" });
        for (var waited = 0; waited < 1000 && !publishing.IsCompleted; waited++)
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            await Task.Yield();
        }

        await TestKit.Eventually.HoldsAsync("the broker takes it", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            return publishing.IsCompletedSuccessfully;
        });
        Assert.Equal((1, 41), (_published.Count, _attempts));
        var told = _logger.Collector.GetSnapshot();
        Assert.Equal(40, told.Count(line => line.Message.StartsWith("The broker did not take a finished job", StringComparison.Ordinal)));
        Assert.Single(told, line => line.Level == LogLevel.Warning);
        Assert.Equal("The broker takes messages again", Assert.Single(told, line => line.Level == LogLevel.Information).Message);
    }

    [Fact]
    public async Task It_is_given_up_only_when_the_process_has_ended_its_work()
    {
        _refusals = int.MaxValue;
        var publishing = Publisher().PublishAsync(new JobFinished { RequestId = "r", JobId = "j" });
        Assert.False(publishing.IsCompleted);

        await _stopped.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publishing);
        Assert.Empty(_published);
    }

    [Fact]
    public async Task An_attempt_that_ran_out_of_its_own_time_is_tried_again()
    {
        var bus = 0;
        var until = Until();

        var running = until.RunAsync("x", _ => ++bus == 1 ? throw new OperationCanceledException("the client's own timeout") : Task.CompletedTask);
        await TestKit.Eventually.HoldsAsync("it is tried again", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return running.IsCompletedSuccessfully;
        });

        Assert.Equal(2, bus);
    }

    [Fact]
    public async Task An_end_that_the_broker_never_takes_for_its_job_data_fails_with_the_data_of_its_command()
    {
        _tooLargeFrom = 100;
        var command = new RunJob { RequestId = "r", Job = new Job { Id = "j" }, JobData = new JsonObject { ["k"] = "short" } };

        await Publisher().PublishAsync(command, Result(new string('v', 1000)));

        var end = Assert.Single(_published);
        Assert.Equal((JobState.Fail, 1L, "short"), (end.FinalState, end.Tries, (string?)end.JobData["k"]));
        Assert.Contains("max_message_size", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_data_of_its_command_is_too_large_too_it_fails_without_any()
    {
        _tooLargeFrom = 100;
        var command = new RunJob { RequestId = "r", Job = new Job { Id = "j" }, JobData = new JsonObject { ["k"] = new string('v', 500) } };

        await Publisher().PublishAsync(command, Result(new string('v', 1000)));

        var end = Assert.Single(_published);
        Assert.Equal((JobState.Fail, 0), (end.FinalState, end.JobData.Count));
    }

    [Fact]
    public async Task Where_only_its_error_is_too_long_the_error_is_cut_and_the_run_ends_as_it_ended()
    {
        _tooLargeFrom = 5000;
        var command = new RunJob { RequestId = "r", Job = new Job { Id = "j" } };

        await Publisher().PublishAsync(command, Result("v") with { Error = new string('e', 50_000) });

        var end = Assert.Single(_published);
        Assert.Equal((JobState.Complete, "v"), (end.FinalState, (string?)end.JobData["k"]));
        Assert.EndsWith(" bytes]", end.Error, StringComparison.Ordinal);
    }

    private static Return Result(string data) => new()
    {
        FinalState = JobState.Complete,
        Tries = 1,
        Next = new TryCounters(1, 1),
        JobData = new JsonObject { ["k"] = data },
    };

    private JobFinishedPublisher Publisher() => new(
        new BusOutlet(Fake.Of<IBus>(("Publish", arguments =>
        {
            _attempts++;
            if (_refusals-- > 0)
            {
                throw new InvalidOperationException("no connection");
            }

            var end = (JobFinished)arguments[0]!;
            var size = end.JobData.ToJsonString().Length + (end.Error is { } error && _tooLargeFrom > 1000 ? error.Length : 0);
            if (size > _tooLargeFrom)
            {
                throw new MessageTooLargeException(size, _tooLargeFrom);
            }

            _published.Add(end);
            return Task.CompletedTask;
        }
    ))),
        Until(),
        _time);

    private UntilAccepted Until() => new(
        _time, Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => _stopped.Token)), _logger);

    public void Dispose() => _stopped.Dispose();
}
