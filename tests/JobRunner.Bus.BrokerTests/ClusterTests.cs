using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The same promises on a cluster of three nodes that come and go.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_the_leader_is_killed_under_load()
    {
        await using var cluster = await RabbitMqCluster.StartAsync();
        await using var load = await Load.StartAsync(cluster);
        foreach (var queue in new[] { "run-job", "job-log-recorded", "run-job_error", "stop-job", "job-journal" })
        {
            await Eventually.HoldsAsync(
                $"{queue} has three members",
                async () => (await RabbitMqCluster.QueueAsync(queue, cluster.Nodes[0])).TryGetProperty("members", out var members) && members.GetArrayLength() == 3);
        }

        await load.SendLongOnesAsync();
        await load.SendAsync(60);
        await load.ProgressAsync(10);
        var leader = await cluster.LeaderAsync("run-job", cluster.Nodes[0]);
        load.Say($"killing {leader.Port}");
        await leader.KillAsync();
        await load.ProgressAsync(20);
        await leader.StartServerAsync();
        // For people: RabbitMQ 3.10 can stall after the second of them, see docs/chaos.md.
        foreach (var node in cluster.Nodes.Where(node => node != leader && Environment.GetEnvironmentVariable("JOBRUNNER_CLUSTER_FAULTS") is not null))
        {
            await cluster.MayGoAsync(node);
            await load.SendAsync(30);
            await load.ProgressAsync(5);
            load.Say($"restarting {node.Port}");
            await node.ShutDownAsync();
            await load.ProgressAsync(10);
            await node.StartServerAsync();
        }

        await MoreTroubleAsync(cluster, load);
        await load.StopLongOnesAsync();
        await load.CheckAsync();
    }

    /// <summary>For people with time: as many more faults as <c>JOBRUNNER_CLUSTER_FAULTS</c> says, one node at a time.</summary>
    private static async Task MoreTroubleAsync(RabbitMqCluster cluster, Load load)
    {
        var faults = int.Parse(Environment.GetEnvironmentVariable("JOBRUNNER_CLUSTER_FAULTS") ?? "0", CultureInfo.InvariantCulture);
        for (var fault = 0; fault < faults; fault++)
        {
            var node = cluster.Nodes[Random.Shared.Next(cluster.Nodes.Count)];
            await cluster.MayGoAsync(node);
            await load.SendAsync(30);
            await load.ProgressAsync(5);
            switch (fault % 3)
            {
                case 0:
                    load.Say($"pausing {node.Port}");
                    await node.PauseAsync();
                    // Longer than a lease, and than two heartbeats; shorter than what parts a cluster.
                    await Task.Delay(TimeSpan.FromSeconds(25), TestContext.Current.CancellationToken);
                    await node.ContinueAsync();
                    break;
                case 1:
                    load.Say($"killing {node.Port}");
                    await node.KillAsync();
                    await load.ProgressAsync(10);
                    await node.StartServerAsync();
                    break;
                default:
                    load.Say($"restarting {node.Port}");
                    await node.ShutDownAsync();
                    await load.ProgressAsync(10);
                    await node.StartServerAsync();
                    break;
            }
        }
    }

    /// <summary>Two workers, a Request Manager, and jobs of all kinds.</summary>
    private sealed class Load : IAsyncDisposable
    {
        private readonly RabbitMqCluster _cluster;
        private readonly StubRequestManager _manager;
        private readonly List<WorkerProcess> _workers = [];
        private readonly string _request = Stage.NewRequestId();
        private readonly Stopwatch _watch = Stopwatch.StartNew();
        private readonly ConcurrentDictionary<string, string> _ends = new();
        private int _jobs;

        private Load(RabbitMqCluster cluster, StubRequestManager manager) => (_cluster, _manager) = (cluster, manager);

        public static async Task<Load> StartAsync(RabbitMqCluster cluster)
        {
            var load = new Load(cluster, await StubRequestManager.StartAsync());
            for (var worker = 0; worker < 2; worker++)
            {
                var (uri, nodes) = cluster.Address(worker);
                load._workers.Add(await WorkerProcess.StartAsync(uri, new Dictionary<string, string>
                {
                    ["JobRunner__RabbitMq__Nodes"] = nodes,
                    ["JobRunner__RequestManager__BaseUrl"] = load._manager.BaseUrl,
                    ["JobRunner__Jobs__Shell__Enabled"] = "true",
                    ["JobRunner__Worker__Lease"] = "5s",
                }));
            }

            return load;
        }

        public void Say(string text) => TestContext.Current.SendDiagnosticMessage($"{_watch.Elapsed.TotalSeconds:f1} s: {text}; {_manager.Rows.Count} logs");

        /// <summary>
        /// Jobs of one to three tries; half of them wait on the spot, half are parked. Sent between the troubles: a scheduler
        /// cannot know whether a command that was not confirmed has arrived.
        /// </summary>
        public async Task SendAsync(int jobs)
        {
            var first = _jobs;
            _jobs += jobs;
            await SendAsync(Enumerable.Range(first, jobs).Select(number =>
                ($"{number:x4}", $"sleep 1; [ $JOBRUNNER_TRY -gt {number % 3} ]", number % 2 == 0 ? "200ms" : "2s")));
            Say($"sent {jobs}");
        }

        /// <summary>Two run until they are stopped, one waits until then.</summary>
        public async Task SendLongOnesAsync()
        {
            await using (var client = await ConnectAsync())
            {
                await using var channel = await client.CreateChannelAsync();
                await channel.QueueDeclareAsync("ends", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
                await channel.QueueBindAsync("ends", "job-finished", "");
            }

            await SendAsync(Long);
        }

        private async Task SendAsync(IEnumerable<(string Job, string Script, string Wait)> jobs)
        {
            await using var client = await ConnectAsync();
            await using var channel = await client.CreateChannelAsync(new CreateChannelOptions(true, true));
            foreach (var (job, script, wait) in jobs)
            {
                var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
                await PublishAsync(channel, "run-job", $$"""
                    {"requestId":"{{_request}}","job":{"id":"{{job}}","type":"shell-command","bytes":"{{bytes}}","retry":3,"retryWait":"{{wait}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
                    """);
            }
        }

        private static IEnumerable<(string Job, string Script, string Wait)> Long => [("run1", "sleep 600", "1s"), ("run2", "sleep 600", "1s"), ("wait", "exit 1", "10m")];

        /// <summary>Waits until so many more tries have ended, or all have.</summary>
        public async Task ProgressAsync(int tries)
        {
            var from = _manager.Rows.Count;
            try
            {
                await Eventually.HoldsAsync(
                    () => $"{tries} more tries than {from}, not {_manager.Rows.Count}; the workers said:\n{Words()}",
                    () => _manager.Rows.Count >= Math.Min(from + tries, All),
                    TimeSpan.FromMinutes(3));
            }
            catch (TimeoutException error)
            {
                throw new TimeoutException($"{await QueuesAsync()}\n{error.Message}", error);
            }
        }

        public async Task StopLongOnesAsync()
        {
            await using var client = await ConnectAsync();
            await using var channel = await client.CreateChannelAsync(new CreateChannelOptions(true, true));
            foreach (var (job, _, _) in Long)
            {
                await PublishAsync(channel, "stop-job", $$"""{"requestId":"{{_request}}","jobId":"{{job}}","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");
            }

            Say("stopped the long ones");
        }

        /// <summary>One final state per job, and its logs 1 to n once each.</summary>
        public async Task CheckAsync()
        {
            await using var client = await ConnectAsync();
            await using var channel = await client.CreateChannelAsync();
            await Eventually.HoldsAsync(
                () => $"every job ends, not {_ends.Count}; the workers said:\n{Words()}", async () =>
                {
                    while (await channel.BasicGetAsync("ends", autoAck: true) is { } got)
                    {
                        var end = JsonNode.Parse(got.Body.Span)!;
                        // It may be told twice, but never differently.
                        Assert.Equal(end.ToJsonString(), _ends.GetOrAdd((string)end["jobId"]!, end.ToJsonString()));
                    }

                    return _ends.Count == _jobs + 3;
                },
                TimeSpan.FromMinutes(2));
            await Eventually.HoldsAsync(
                () => $"every log, not {_manager.Rows.Count}; the workers said:\n{Words()}", () => _manager.Rows.Count >= All + 3, TimeSpan.FromMinutes(1));
            Say("all ended");
            foreach (var (job, text) in _ends)
            {
                var end = JsonNode.Parse(text)!;
                Assert.Equal(job is "run1" or "run2" or "wait" ? 6 : 3, (int)end["finalState"]!);
                var tries = job is "run1" or "run2" or "wait" ? 1 : 1 + (Convert.ToInt32(job, 16) % 3);
                Assert.Equal(Enumerable.Range(1, tries).Select(number => (long)number), _manager.Rows.Where(row => row.JobId == job).Select(row => row.Try).Order());
            }

            var repeats = _manager.Requests.Count(call => call.Method == "POST") - _manager.Rows.Count;
            Say($"{repeats} deliveries to the Request Manager were repetitions");
        }

        private int All => Enumerable.Range(0, _jobs).Sum(number => 1 + (number % 3));

        private async Task<string> QueuesAsync()
        {
            foreach (var node in _cluster.Nodes)
            {
                try
                {
                    return await node.Management.GetStringAsync(new Uri("queues?columns=name,state,leader,online,members,messages,messages_ready,messages_unacknowledged,consumers", UriKind.Relative));
                }
                catch (HttpRequestException)
                {
                    // It is down.
                }
            }

            return "no node answers";
        }

        private string Words() => string.Join("\n---\n", _workers.Select(worker => string.Join('\n', worker.Output.Split('\n').TakeLast(120))));

        private Task<IConnection> ConnectAsync() =>
            new ConnectionFactory { UserName = "guest", Password = "guest" }.CreateConnectionAsync(_cluster.Endpoints, "scheduler");

        private static async Task PublishAsync(IChannel channel, string exchange, string body) =>
            await channel.BasicPublishAsync(exchange, "", mandatory: true, new BasicProperties { DeliveryMode = DeliveryModes.Persistent }, Encoding.UTF8.GetBytes(body));

        public async ValueTask DisposeAsync()
        {
            foreach (var worker in _workers)
            {
                await worker.DisposeAsync();
            }

            await _manager.DisposeAsync();
        }
    }
}
