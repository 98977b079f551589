using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Tests.Runs;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Record;

/// <summary>A last log and its end leave together; whatever the broker refuses, no end is safe before its log is.</summary>
public sealed class RunEndPublisherTests : IOutlet, IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly ServiceProvider _services = new ServiceCollection()
        .AddMetrics().AddRunners().AddSingleton(new TrySlots(1)).AddSingleton<WorkerReadiness>().AddSingleton<WorkerMetrics>().BuildServiceProvider();
    private readonly List<string> _sent = [];
    private readonly Queue<bool> _logsTaken = new();
    private readonly Queue<bool> _endsTaken = new();

    [Fact]
    public async Task Both_are_sent_once_where_both_are_taken()
    {
        await PublishAsync();

        Assert.Equal(["both"], _sent);
    }

    [Fact]
    public async Task Where_the_log_is_refused_only_the_log_is_sent_again()
    {
        _logsTaken.Enqueue(false);
        _logsTaken.Enqueue(false);

        await PublishAsync();

        Assert.Equal(["both", "log", "log"], _sent);
    }

    [Fact]
    public async Task Where_the_end_is_refused_only_the_end_is_sent_again()
    {
        _endsTaken.Enqueue(false);

        await PublishAsync();

        Assert.Equal(["both", "end"], _sent);
    }

    [Fact]
    public async Task Where_both_are_refused_the_end_is_not_sent_before_the_log_is_safe()
    {
        _logsTaken.Enqueue(false);
        _logsTaken.Enqueue(false);
        _endsTaken.Enqueue(false);

        await PublishAsync();

        Assert.Equal(["both", "log", "log", "end"], _sent);
    }

    private async Task PublishAsync()
    {
        var publisher = new RunEndPublisher(
            this,
            new UntilAccepted(_time, Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => CancellationToken.None)), new FakeLogger<UntilAccepted>()),
            _services.GetRequiredService<WorkerMetrics>(),
            _time);
        var publishing = publisher.PublishAsync(
            World.Command(),
            new Return { FinalState = JobState.Complete, Tries = 1, Next = new TryCounters(1, 1), JobData = [] },
            new JobLogRecorded { RequestId = "r", JobId = "j", Try = 1 },
            CancellationToken.None);
        await TestKit.Eventually.HoldsAsync("both are taken", () =>
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            return publishing.IsCompletedSuccessfully;
        });
    }

    Task IOutlet.LogAsync(JobLogRecorded log, CancellationToken cancellationToken) => Sent("log", _logsTaken);

    Task IOutlet.FinishedAsync(RunEndNews end, CancellationToken cancellationToken) => Sent("end", _endsTaken);

    (Task Logged, Task Told) IOutlet.Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        _sent.Add("both");
        return (Answer(_logsTaken), Answer(_endsTaken));
    }

    private Task Sent(string what, Queue<bool> answers)
    {
        _sent.Add(what);
        return Answer(answers);
    }

    private static Task Answer(Queue<bool> answers) =>
        answers.TryDequeue(out var taken) && !taken ? Task.FromException(new IOException("refused")) : Task.CompletedTask;

    public void Dispose() => _services.Dispose();
}
