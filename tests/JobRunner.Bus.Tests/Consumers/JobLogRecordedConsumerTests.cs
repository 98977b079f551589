using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Tests.Delivery;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>The consumer and its definition on MassTransit's own test harness.</summary>
public sealed class JobLogRecordedConsumerTests
{
    private static readonly (string, string)[] Hasty = [("RequestManager:AttemptDelay", "00:00:00.01"), ("Report:RedeliverAfter", "50ms")];

    private readonly ToldStore _store = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_is_consumed_and_stored()
    {
        await using var services = Services();
        var harness = await services.StartTestHarness();

        await SendAsync(harness, Log());

        Assert.True(await harness.GetConsumerHarness<JobLogRecordedConsumer>().Consumed.Any<JobLogRecorded>(consumed => consumed.Exception is null, Ct));
        Assert.Equal([JobId], _store.Taken);
    }

    [Fact]
    public async Task Five_attempts_come_500_ms_apart_by_default()
    {
        await using var services = Services(("Report:RedeliverAfter", "1h"));
        var harness = await services.StartTestHarness();
        var attempts = new List<long>();
        _store.Does = (_, _) =>
        {
            attempts.Add(Stopwatch.GetTimestamp());
            return new RetryableDeliveryException("not yet");
        };

        await SendAsync(harness, Log());

        await TestKit.Eventually.HoldsAsync("the log is redelivered after five attempts", () => services.GetRequiredService<DeliveryGate>().IsShut, TimeSpan.FromSeconds(30));
        Assert.Equal(5, attempts.Count);
        // No upper bound: a busy machine is late.
        Assert.All(attempts.Zip(attempts.Skip(1)), pair => Assert.True(Stopwatch.GetElapsedTime(pair.First, pair.Second) > TimeSpan.FromMilliseconds(490)));
    }

    [Fact]
    public async Task A_log_that_is_not_taken_is_redelivered_with_its_history_and_faults_nowhere()
    {
        await using var services = Services(Hasty);
        var harness = await services.StartTestHarness();
        var sent = new RedeliveriesSent();
        harness.Bus.ConnectSendObserver(sent);
        _store.Does = (_, call) => call <= 12 ? new RetryableDeliveryException("not yet") : null;

        await SendAsync(harness, Log());

        await TestKit.Eventually.HoldsAsync("it is taken", () => _store.Taken.Count == 1, TimeSpan.FromSeconds(30));
        Assert.Equal(["none", "1", "2"], sent.Headers.Take(3));
        Assert.Empty(harness.Published.Select<Fault<JobLogRecorded>>(Ct));
    }

    [Fact]
    public async Task A_log_that_is_refused_goes_to_the_error_queue_at_once_with_the_reason()
    {
        await using var services = Services();
        var harness = await services.StartTestHarness();
        var kept = await KeptAsync(harness);
        _store.Does = (_, _) => new PermanentDeliveryException("the Request Manager answered 400 \"no\"", 400, "no");

        await SendAsync(harness, Log());

        var (log, reason) = await kept.WaitAsync(TimeSpan.FromSeconds(30), Ct);
        Assert.Equal((JobId, "the Request Manager answered 400 \"no\""), (log.JobId, reason));
        Assert.Equal(1, _store.CallsFor(JobId));
        Assert.True(await harness.Consumed.Any<JobLogRecorded>(consumed => consumed.Exception is PermanentDeliveryException, Ct));
    }

    [Fact]
    public async Task A_log_that_fails_for_too_long_while_others_get_through_goes_to_the_error_queue()
    {
        await using var services = Services([.. Hasty, ("Report:RedeliverFor", "00:00:00.3")]);
        var harness = await services.StartTestHarness();
        var kept = await KeptAsync(harness);
        _store.Does = (job, _) => job == "bad" ? new InvalidOperationException("of its own") : null;
        await SendAsync(harness, Log(jobId: "bad"));

        await TestKit.Eventually.HoldsAsync("it is kept", async () =>
        {
            await SendAsync(harness, Log(jobId: "good"));
            return kept.IsCompleted;
        }, TimeSpan.FromSeconds(30));

        Assert.Equal(("bad", "of its own"), ((await kept).Log.JobId, (await kept).Reason));
    }

    [Fact]
    public async Task While_the_store_is_down_a_log_is_held_not_redelivered()
    {
        await using var services = Services(Hasty);
        var harness = await services.StartTestHarness();
        var down = true;
        _store.Does = (_, _) => down ? new RetryableDeliveryException("refused") { StoreIsDown = true } : null;
        await SendAsync(harness, Log());
        await TestKit.Eventually.HoldsAsync("it is held", () => services.GetRequiredService<DeliveryGate>().Waiting == 1, TimeSpan.FromSeconds(30));

        down = false;

        await TestKit.Eventually.HoldsAsync("it is taken", () => _store.Taken.Count == 1, TimeSpan.FromSeconds(30));
        Assert.Single(harness.Sent.Select<JobLogRecorded>(Ct));
    }

    private static async Task SendAsync(ITestHarness harness, JobLogRecorded log) =>
        await (await harness.Bus.GetSendEndpoint(new Uri("queue:job-log-recorded"))).Send(log, Ct);

    private ServiceProvider Services(params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"JobRunner:{setting.Name}", (string?)setting.Value)))
            .Build();
        return new ServiceCollection()
            .AddLogging()
            .AddMetrics()
            .AddSingleton<IJobLogStore>(_store)
            .AddSingleton(Runs.Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => CancellationToken.None)))
            .AddSingleton<UntilAccepted>()
            .AddJobLogDelivery(configuration)
            .AddMassTransitTestHarness(bus =>
            {
                // A busy machine is quiet for longer than the second that the harness waits for.
                bus.SetTestTimeouts(testTimeout: TimeSpan.FromMinutes(1), testInactivityTimeout: TimeSpan.FromSeconds(30));
                bus.AddConsumer<JobLogRecordedConsumer, JobLogRecordedConsumerDefinition>();
            })
            .BuildServiceProvider(validateScopes: true);
    }

    private static async Task<Task<(JobLogRecorded Log, string Reason)>> KeptAsync(ITestHarness harness)
    {
        var kept = new TaskCompletionSource<(JobLogRecorded, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        await harness.Bus.ConnectReceiveEndpoint("job-log-recorded_error", endpoint =>
        {
            endpoint.ReadJson<JobLogRecorded>();
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Handler<JobLogRecorded>(context =>
            {
                kept.TrySetResult((context.Message, context.ReceiveContext.TransportHeaders.Get<string>(MessageHeaders.FaultMessage) ?? ""));
                return Task.CompletedTask;
            });
        }).Ready;
        return kept.Task;
    }

    private sealed class RedeliveriesSent : ISendObserver
    {
        public ConcurrentQueue<string> Headers { get; } = new();

        public Task PreSend<T>(SendContext<T> context)
            where T : class => Task.CompletedTask;

        public Task PostSend<T>(SendContext<T> context)
            where T : class
        {
            Assert.False(context.Headers.TryGetHeader(MessageHeaders.RedeliveryCount, out _));
            Headers.Enqueue(context.Headers.TryGetHeader("jobrunner-put-offs", out var redeliveries) ? $"{redeliveries}" : "none");
            return Task.CompletedTask;
        }

        public Task SendFault<T>(SendContext<T> context, Exception exception)
            where T : class => Task.CompletedTask;
    }
}
