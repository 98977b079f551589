using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The same promises on a cluster of three nodes that come and go.</summary>
public sealed class ClusterTests
{
    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_the_leader_is_killed_and_the_others_are_restarted_one_by_one_under_load()
    {
        await using var cluster = await RabbitMqCluster.StartAsync();
        await using var load = await Load.StartAsync(cluster);
        await cluster.HasMembersAsync(3, "run-job", "job-log-recorded", "run-job_error", "stop-job", "job-journal", "run-job.wait.2s");
        await load.SendLongOnesAsync();
        await load.SendAsync(60);
        await load.ProgressAsync(10);
        var leader = await cluster.LeaderAsync("run-job", cluster.Nodes[0]);
        await KillAsync(leader, load, tries: 20);
        foreach (var node in cluster.Nodes.Where(node => node != leader))
        {
            await load.SendBeforeAsync(node);
            await RestartAsync(node, load);
        }

        await load.StopLongOnesAsync();
        await load.CheckAsync();
    }

    private static async Task KillAsync(RabbitMqNode node, Load load, int tries)
    {
        load.Say($"killing {node.Port}");
        await node.KillAsync();
        // Fewer than those that do not come from a wait: these may have to wait for the node, see docs/operations.md.
        await load.ProgressAsync(tries);
        await node.StartServerAsync();
        load.Say($"{node.Port} is back");
    }

    /// <summary>As operators are told to do it.</summary>
    private static async Task RestartAsync(RabbitMqNode node, Load load)
    {
        load.Say($"draining {node.Port}");
        await node.DrainAsync();
        await node.ShutDownAsync();
        load.Say($"{node.Port} is down");
        await load.ProgressAsync(10);
        await node.StartServerAsync();
        load.Say($"{node.Port} is back");
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
        private readonly ConcurrentQueue<string> _said = new();
        private readonly CancellationTokenSource _over = new();
        private readonly Task _watching;
        private int _jobs;
        private TimeSpan _longestStall;

        private Load(RabbitMqCluster cluster, StubRequestManager manager)
        {
            (_cluster, _manager) = (cluster, manager);
            _watching = WatchAsync();
        }

        /// <summary>How long no log came while jobs were under way.</summary>
        private async Task WatchAsync()
        {
            var (rows, since) = (0, _watch.Elapsed);
            while (!_over.IsCancellationRequested)
            {
                if (_manager.Rows.Count is var now && (now != rows || now >= All))
                {
                    (rows, since) = (now, _watch.Elapsed);
                }
                else if (_watch.Elapsed - since > _longestStall)
                {
                    _longestStall = _watch.Elapsed - since;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

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
                    // RabbitMQ before 3.12.11 makes a queue badly on a node that is down as it is declared, see docs/operations.md.
                    ["JobRunner__Worker__KnownWaits"] = "2s,10m",
                }));
            }

            return load;
        }

        public void Say(string text)
        {
            _said.Enqueue($"{DateTime.UtcNow:HH:mm:ss} ({_watch.Elapsed.TotalSeconds:f1} s): {text}; {_manager.Rows.Count} logs");
            TestContext.Current.SendDiagnosticMessage(_said.Last());
        }

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

        /// <summary>Sends jobs, for a node to go while they run; when it may.</summary>
        public async Task SendBeforeAsync(RabbitMqNode node)
        {
            await _cluster.MayGoAsync(node);
            await SendAsync(60);
            await ProgressAsync(5);
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
                throw new TimeoutException($"{string.Join('\n', _said)}\n{await QueuesAsync()}\n{error.Message}", error);
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

            Say($"the longest stall took {_longestStall.TotalSeconds:f1} s");
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

        private string Words() => string.Join("\n---\n", _workers.Select(worker => string.Join('\n', worker.Output.Split('\n').TakeLast(60))));

        private Task<IConnection> ConnectAsync() =>
            new ConnectionFactory { UserName = "guest", Password = "guest" }.CreateConnectionAsync(_cluster.Endpoints, "scheduler");

        private static async Task PublishAsync(IChannel channel, string exchange, string body) =>
            await channel.BasicPublishAsync(exchange, "", mandatory: true, new BasicProperties { DeliveryMode = DeliveryModes.Persistent }, Encoding.UTF8.GetBytes(body));

        public async ValueTask DisposeAsync()
        {
            await _over.CancelAsync();
            await _watching;
            _over.Dispose();
            foreach (var worker in _workers)
            {
                await worker.DisposeAsync();
            }

            await _manager.DisposeAsync();
        }
    }
}
