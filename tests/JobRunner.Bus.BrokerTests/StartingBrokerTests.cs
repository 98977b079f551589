using System.Text;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// A broker that starts takes connections before its streams have leaders: what an exchange is sent then reaches its queues but not its
/// streams, and is confirmed. Here a stream is made absent as it is then.
/// </summary>
public sealed class StartingBrokerTests(Broker broker)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_waits_until_the_broker_has_its_journal_back_whether_the_worker_has_published_before_or_not(bool hasPublished)
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var proxy = TcpProxy.Start(broker.Node.Port);
        await using var link = new BrokerLink(
            Options.Create(new RabbitMqOptions { Uri = new UriBuilder(broker.Node.UriOf(host)) { Port = proxy.Port }.Uri.ToString() }),
            Options.Create(new WorkerOptions()),
            new WorkerName(),
            TimeProvider.System,
            NullLogger<BrokerLink>.Instance);
        await new BrokerTopology(link).DeclareAsync(new WorkerOptions(), Cancelled);
        using var lifetime = new LifetimeToEnd();
        var until = new UntilAccepted(TimeProvider.System, lifetime.Lifetime, NullLogger<UntilAccepted>.Instance);
        var outlet = new BrokerOutlet(link, new NoLeases(new RunClaims()));
        if (hasPublished)
        {
            await LogAsync();
        }

        await TakeAwayAsync(host, Names.JobJournal);
        proxy.Cut();
        var sending = LogAsync();
        await StaysAwayAsync(host, Names.JobJournal);
        Assert.False(sending.IsCompleted, "it was accepted without a journal");
        await BringBackAsync(host, Names.JobJournal);
        await sending;

        await using var client = await PlainClient.ConnectAsync(broker.Node.UriOf(host));
        var recorded = 0u;
        await Eventually.HoldsAsync("the logs are recorded", async () => (recorded = await client.CountAsync(Names.JobLogRecorded)) >= (hasPublished ? 2 : 1));
        await Eventually.HoldsAsync("the journal has as many", async () => await client.CountAsync(Names.JobJournal) == recorded);

        Task LogAsync() => until.RunAsync("a job log", token => outlet.LogAsync(new JobLogRecorded { RequestId = "r", JobId = "j", Try = 1 }, token), Cancelled);
    }

    [Fact]
    public async Task A_stop_of_a_scheduler_that_has_just_connected_again_waits_until_the_broker_has_the_stream_of_stops_back()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var proxy = TcpProxy.Start(broker.Node.Port);
        await using var plain = await PlainClient.ConnectAsync(broker.Node.UriOf(host));
        await BrokerTopology.DeclareAsync(plain.Channel, new WorkerOptions(), Cancelled);
        var observer = new Connections();
        await using var client = await JobRunnerClient.ConnectAsync(
            new UriBuilder(broker.Node.UriOf(host)) { Port = proxy.Port }.Uri, new JobRunnerClientOptions { Observer = observer }, Cancelled);

        await TakeAwayAsync(host, Names.StopJob);
        proxy.Cut();
        await observer.Disconnected.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        var sending = client.SendStopAsync(new StopJob { RequestId = "r" }, Cancelled);
        await StaysAwayAsync(host, Names.StopJob);
        Assert.False(sending.IsCompleted, $"{sending.Status}: {sending.Exception?.InnerException?.Message}");
        await BringBackAsync(host, Names.StopJob);
        await sending;

        await Eventually.HoldsAsync("the stream has it", async () => await plain.CountAsync(Names.StopJob) == 1);
    }

    [Fact]
    public async Task A_worker_reads_stops_and_commands_again_once_the_broker_has_all_queues_back_and_does_not_run_into_one_that_it_has_not()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        var uri = broker.Node.UriOf(host);
        await using var proxy = TcpProxy.Start(broker.Node.Port);
        await using var worker = await WorkerProcess.StartAsync(
            new UriBuilder(uri) { Port = proxy.Port }.Uri,
            new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "1m", ["JobRunner__Jobs__Shell__Enabled"] = "true" });
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync(Names.JobFinished);
        var runs = Path.Combine(Path.GetTempPath(), host);
        var sleeps = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"cmd":"/bin/sh","args":["-c","touch {{runs}}; sleep 600"]}"""));
        await client.SendAsync(Names.RunJob, $$"""{"requestId":"{{host}}","job":{"id":"abcd","type":"shell-command","bytes":"{{sleeps}}"} }""");
        await Eventually.HoldsAsync("the job runs", () => File.Exists(runs));

        await TakeAwayAsync(host, Names.StopJob);
        proxy.Cut();
        await Eventually.HoldsAsync(
            () => $"its bus waits for the broker; the worker said:\n{worker.Output}",
            async () => (await broker.Node.ControlAsync("list_connections", "vhost", "client_properties")).Split('\n')
                .Any(connection => connection.StartsWith($"{host}\t", StringComparison.Ordinal) && connection.Contains("jobrunner (login)", StringComparison.Ordinal)),
            TimeSpan.FromSeconds(30));
        await BringBackAsync(host, Names.StopJob);

        await client.SendAsync(Names.StopJob, $$"""{"requestId":"{{host}}"}""");
        await Eventually.HoldsAsync(() => $"the job is stopped; the worker said:\n{worker.Output}", () => ends.Count == 1, TimeSpan.FromSeconds(30));
        File.Delete(runs);
    }

    // What the broker looks up as it routes: of what is durable it is filled anew at each start, quorum queues first.
    private Task<string> TakeAwayAsync(string host, string queue) => ControlAsync(host, queue, "mnesia:dirty_delete(rabbit_queue, N)");

    /// <summary>Takes long enough for a message to leave, if it could.</summary>
    private async Task StaysAwayAsync(string host, string queue) =>
        Assert.Equal("false", (await ControlAsync(host, queue, "ets:member(rabbit_queue, N)")).Trim());

    private Task<string> BringBackAsync(string host, string queue) => ControlAsync(
        host, queue, "rabbit_amqqueue:ensure_rabbit_queue_record_is_initialized(hd(mnesia:dirty_read(rabbit_durable_queue, N)))");

    private Task<string> ControlAsync(string host, string queue, string expression) =>
        broker.Node.ControlAsync("eval", $"N = rabbit_misc:r(<<\"{host}\">>, queue, <<\"{queue}\">>), {expression}.");

    private sealed class Connections : IJobRunnerObserver
    {
        public TaskCompletionSource Disconnected { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnDisconnected(string reason) => Disconnected.TrySetResult();
    }
}
