using System.Diagnostics;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>What must not end, or hang, the client library for schedulers.</summary>
public sealed class ClientFaultTests(ClientFaultTests.Node own) : IClassFixture<ClientFaultTests.Node>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A broker that no other test has to wait for.</summary>
    public sealed class Node : IAsyncLifetime
    {
        public RabbitMqNode Broker { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Broker = await RabbitMqNode.StartAsync();

        public ValueTask DisposeAsync() => Broker.DisposeAsync();
    }

    [Fact]
    public async Task An_observer_that_throws_ends_nothing()
    {
        var uri = await NewHostAsync();
        await using var proxy = TcpProxy.Start(own.Broker.Port);
        var observer = new Throwing();
        await using var client = await JobRunnerClient.ConnectAsync(
            new UriBuilder(uri) { Port = proxy.Port }.Uri, new JobRunnerClientOptions { Observer = observer, ReceivesLogs = true });

        for (var cut = 1; cut <= 3; cut++)
        {
            proxy.Cut();
            await Eventually.HoldsAsync("it is connected anew", () => observer.Reconnected == cut);
        }

        await using var worker = await PlainClient.ConnectAsync(uri);
        await worker.SendAsync("job-log-recorded", """{"requestId":"r","jobId":"j","try":1}""");
        await worker.SendAsync("job-finished", """{"requestId":"r","jobId":"j","finalState":3}""");
        Assert.Equal(JobState.Complete, (await client.WaitForAsync("r", "j").WaitAsync(Patience)).FinalState);
        Assert.True(observer.Results > 0);
    }

    [Fact]
    public async Task An_address_file_that_is_half_written_as_the_connection_is_lost_is_read_again()
    {
        var uri = await NewHostAsync();
        var file = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        await using var proxy = TcpProxy.Start(own.Broker.Port);
        var address = new UriBuilder(uri) { Port = proxy.Port }.Uri.ToString();
        await File.WriteAllTextAsync(file, address);
        var observer = new Throwing();
        await using var client = await JobRunnerClient.ConnectAsync(
            new RabbitMqOptions { UriFile = file }, new JobRunnerClientOptions { Observer = observer, ReconnectTimeout = TimeSpan.FromSeconds(2) });

        foreach (var half in (string[])["", "am", "amqp://guest:guest@127.0.0.1:99999999"])
        {
            await File.WriteAllTextAsync(file, half);
            proxy.Cut();
            await Eventually.HoldsAsync("the loss is noticed", () => observer.Disconnected > 0);
            var error = await Assert.ThrowsAsync<JobRunnerClientException>(() => SubmitAsync(client));
            Assert.Contains("UriFile", error.Message, StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, address);
            await Eventually.HoldsAsync("it is connected anew", () => observer.Reconnected > 0);
            observer.Reset();
        }

        await SubmitAsync(client).WaitAsync(Patience);
        File.Delete(file);
    }

    [Fact]
    public async Task Whoever_calls_as_a_client_without_its_broker_is_disposed_of_is_told_and_spins_no_more()
    {
        var uri = await NewHostAsync();
        await using var proxy = TcpProxy.Start(own.Broker.Port);
        for (var round = 0; round < 10; round++)
        {
            var client = await JobRunnerClient.ConnectAsync(new UriBuilder(uri) { Port = proxy.Port }.Uri);
            using var over = new CancellationTokenSource();
            var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
            {
                while (true)
                {
                    try
                    {
                        await SubmitAsync(client);
                    }
                    catch (JobRunnerClientException)
                    {
                        // Cut.
                    }
                }
            })).ToList();
            proxy.Cut();
            await client.DisposeAsync();

            foreach (var caller in callers)
            {
                await Assert.ThrowsAsync<ObjectDisposedException>(() => caller.WaitAsync(Patience));
            }
        }
    }

    [Fact]
    public async Task In_an_alarm_calls_say_so_in_bounded_time_and_obey_their_token_at_once()
    {
        var observer = new Throwing();
        await using var client = await JobRunnerClient.ConnectAsync(
            await NewHostAsync(), new JobRunnerClientOptions { ReconnectTimeout = TimeSpan.FromSeconds(5), Observer = observer });
        var time = Stopwatch.StartNew();
        try
        {
            await own.Broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
            await Eventually.HoldsAsync("there is an alarm", async () => (await own.Broker.ControlAsync("eval", "rabbit_alarm:get_alarms().")).Contains("memory", StringComparison.Ordinal));
            var error = await Assert.ThrowsAsync<JobRunnerClientException>(() => SubmitAsync(client).WaitAsync(Patience));
            Assert.Contains("has an alarm", error.Message, StringComparison.Ordinal);
            Assert.True(error.MayHaveArrived);
            Assert.NotNull(observer.Alarm);

            foreach (var call in (Func<CancellationToken, Task>[])
                [token => SubmitAsync(client, token), token => client.StatusAsync(cancellationToken: token), token => client.StopAsync("r", "j", cancellationToken: token)])
            {
                using var cancelled = new CancellationTokenSource();
                var calling = call(cancelled.Token);
                Assert.False(calling.IsCompleted);
                time.Restart();
                await cancelled.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling.WaitAsync(Patience));
                Assert.True(time.Elapsed < TimeSpan.FromSeconds(3), $"{time.Elapsed}");
            }

            time.Restart();
            await client.DisposeAsync();
            Assert.True(time.Elapsed < TimeSpan.FromSeconds(8), $"{time.Elapsed}");
        }
        finally
        {
            await own.Broker.ControlAsync("set_vm_memory_high_watermark", "0.8");
        }
    }

    [Fact]
    public async Task A_stop_of_one_job_returns_at_the_first_answer()
    {
        var uri = await NewHostAsync();
        await using var worker = await WorkerProcess.StartAsync(uri);
        await using var client = await JobRunnerClient.ConnectAsync(uri);
        var job = new RunJob
        {
            RequestId = JobRunnerClient.NewRequestId(),
            Job = new Job { Id = "nap", Type = "sleep", Bytes = """{"duration":600000000000}"""u8.ToArray() },
        };
        var running = client.RunAsync(job);
        await Eventually.HoldsAsync("it runs", async () => await client.StatusAsync(job.RequestId) is [{ State: JobState.Running }]);

        var time = Stopwatch.StartNew();
        var answer = await client.StopAsync(job.RequestId, "nap");
        time.Stop();

        Assert.Equal("stopped-while-running", Assert.Single(answer.Replies).Outcome);
        Assert.Equal(JobState.Stopped, (await running.WaitAsync(Patience)).FinalState);
        TestContext.Current.SendDiagnosticMessage($"stopped in {time.Elapsed.TotalMilliseconds:f0} ms");
        Assert.True(time.Elapsed < TimeSpan.FromMilliseconds(450), $"{time.Elapsed}");
    }

    private async Task<Uri> NewHostAsync()
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var connection = await new ConnectionFactory { Uri = uri }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await Topology.BrokerTopology.DeclareAsync(channel, new WorkerOptions(), CancellationToken.None);
        return uri;
    }

    private static Task SubmitAsync(JobRunnerClient client, CancellationToken cancellationToken = default) => client.SubmitAsync(
        new RunJob { RequestId = JobRunnerClient.NewRequestId(), Job = new Job { Id = "j", Type = "noop" } }, cancellationToken);

    private sealed class Throwing : IJobRunnerObserver
    {
        private int _reconnected;
        private int _disconnected;
        private int _results;

        public int Reconnected => Volatile.Read(ref _reconnected);

        public int Disconnected => Volatile.Read(ref _disconnected);

        public int Results => Volatile.Read(ref _results);

        public string? Alarm { get; private set; }

        public void Reset() => _reconnected = _disconnected = 0;

        public void OnResult(JobFinished result)
        {
            Interlocked.Increment(ref _results);
            throw new InvalidOperationException("a result");
        }

        public void OnLog(JobLogRecorded log) => throw new InvalidOperationException("a log");

        public void OnAlarm(string? reason)
        {
            Alarm = reason ?? Alarm;
            throw new InvalidOperationException("an alarm");
        }

        public void OnDisconnected(string reason)
        {
            Interlocked.Increment(ref _disconnected);
            throw new InvalidOperationException("disconnected");
        }

        public void OnReconnected()
        {
            Interlocked.Increment(ref _reconnected);
            throw new InvalidOperationException("reconnected");
        }
    }
}
