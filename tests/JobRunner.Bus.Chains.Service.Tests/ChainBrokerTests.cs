using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests;

public sealed class ChainBrokerTests(Broker broker, PostgreSqlServer postgres) : ChainProcesses(broker)
{
    [Fact]
    public async Task A_chain_runs_to_its_end_and_hands_data_on()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));

        await Client.SendAsync("run-chain", Chain("req1", "a b c d", "a>b a>c b>d c>d"));

        var end = await EndAsync("req1");
        Assert.Equal((3, 4), ((int)end["state"]!, (int)end["finishedJobs"]!));
        Assert.Equal(["a", "b", "c", "d"], end["jobs"]!.AsObject().Select(job => job.Key).Order());
        Assert.All(end["jobs"]!.AsObject(), job => Assert.Equal((3, 1), ((int)job.Value!["state"]!, (int)job.Value["tries"]!)));
    }

    [Fact]
    public async Task A_chain_sent_three_times_is_one_chain()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        for (var i = 0; i < 3; i++)
        {
            await Client.SendAsync("run-chain", Chain("req1", "a b", "a>b"));
        }

        await Client.SendAsync("run-chain", Chain("req2", "a", ""));
        await EndAsync("req1");
        await EndAsync("req2");

        Assert.Equal(["a 1", "b 1"], LogsOf("req1"));
    }

    [Fact]
    public async Task A_failed_sequence_waits_and_is_tried_again_with_its_numbers_going_on()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        var fails = Path.Combine(Folder, "ran");

        // Fails the first time it is run.
        await Client.SendAsync("run-chain", Chain("req1", "a b", "a>b", (id, job) =>
        {
            job["sequenceId"] = "a";
            if (id == "a")
            {
                job["sequenceRetry"] = 1;
                job["sequenceRetryWait"] = "1s";
            }
            else
            {
                Shell(job, $"[ -e {fails} ] || {{ touch {fails}; exit 1; }}");
            }
        }));

        var end = await EndAsync("req1");
        Assert.Equal((3, 2), ((int)end["state"]!, (int)end["finishedJobs"]!));
        Assert.Equal(["a 1", "a 2", "b 1", "b 2"], LogsOf("req1"));
    }

    [Fact]
    public async Task A_stop_ends_a_chain_whose_job_runs_and_one_that_waits()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        await Client.SendAsync("run-chain", Chain("runs", "a b", "a>b", (id, job) => Shell(job, "sleep 600")));
        await Client.SendAsync("run-chain", Chain("waits", "a", "", (id, job) =>
        {
            Shell(job, "exit 1");
            job["sequenceRetry"] = 1;
            job["sequenceRetryWait"] = "1h";
        }));
        await Eventually.HoldsAsync("the sequence waits", async () => await ReadyAsync("chain-due.wait.1h") == 1, Patience);

        await Client.SendAsync("stop-chain", """{"requestId":"runs"}""");
        await Client.SendAsync("stop-chain", """{"requestId":"waits"}""");

        Assert.Equal(6, (int)(await EndAsync("runs"))["state"]!);
        Assert.Equal((6, 0), ((int)(await EndAsync("waits"))["state"]!, (int)(await EndAsync("waits"))["finishedJobs"]!));
        Assert.DoesNotContain("b 1", LogsOf("runs"));
    }

    [Fact]
    public async Task A_chain_that_cannot_be_run_goes_to_the_error_queue_with_the_reason()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));

        await Client.SendAsync("run-chain", Chain("req1", "a b", "a>b b>a"));
        await Client.SendAsync("run-chain", "not JSON");

        // Its sender is told; but not that a chain has failed which runs.
        var end = await EndAsync("req1");
        Assert.Equal(4, (int)end["state"]!);
        Assert.Contains("adjacencyList has a cycle", (string)end["error"]!, StringComparison.Ordinal);
        await Client.SendAsync("run-chain", Chain("runs", "a", "", (_, job) => Shell(job, "sleep 3")));
        await Eventually.HoldsAsync("it runs", () => Workers[0].Output.Contains("Chain runs started", StringComparison.Ordinal), Patience);
        await Client.SendAsync("run-chain", Chain("runs", "a b", "a>b b>a"));
        Assert.Equal(3, (int)(await EndAsync("runs"))["state"]!);
        Assert.Single(Ended, message => message.Body.Contains("runs", StringComparison.Ordinal));
        await Eventually.HoldsAsync("all three are refused", async () => await ReadyAsync("run-chain_error") == 3, Patience);
        string[] reasons = [(await Client.GetAsync("run-chain_error"))!.Header("MT-Fault-Message"), (await Client.GetAsync("run-chain_error"))!.Header("MT-Fault-Message")];
        Assert.Contains(reasons, reason => reason.Contains("adjacencyList has a cycle", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => reason.Contains("is not the JSON of a JobChain", StringComparison.Ordinal));
    }

    [Fact]
    public async Task More_chains_than_are_handled_at_once_that_the_error_queue_does_not_take_hold_up_no_other_and_are_told_of_once_they_are_kept()
    {
        await StartAsync(await AddAsync("Run,Report,Chain", new() { ["JobRunner__Chains__Concurrency"] = "1" }));
        await LimitAsync("run-chain_error");
        for (var chain = 0; chain < 4; chain++)
        {
            await Client.SendAsync("run-chain", Chain($"bad{chain}", "a b", "a>b b>a"));
        }

        await Client.SendAsync("run-chain", Chain("req1", "a", ""));

        Assert.Equal(3, (int)(await EndAsync("req1"))["state"]!);
        for (var kept = 0u; kept < 4;)
        {
            await Eventually.HoldsAsync($"chain {kept} is kept", async () => await ReadyAsync("run-chain_error") > 0, Patience);
            kept += await Client.Channel.QueuePurgeAsync("run-chain_error");
        }

        for (var chain = 0; chain < 4; chain++)
        {
            Assert.Equal(4, (int)(await EndAsync($"bad{chain}"))["state"]!);
        }
    }

    [Fact]
    public async Task Instances_killed_again_and_again_lose_no_chain_and_run_no_job_twice()
    {
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await postgres.NewDatabaseAsync(),
            ["JobRunner__Chains__SendAgainAfter"] = "2s",
        };
        await StartAsync(await AddAsync("Run,Report"));
        var services = new List<WorkerProcess> { await AddAsync("Chain", store), await AddAsync("Chain", store) };
        await ServesAsync(services[0]);
        await ServesAsync(services[1]);
        const int Chains = 60;
        for (var i = 0; i < Chains; i++)
        {
            await Client.SendAsync("run-chain", Chain($"req{i}", "a b c d e", "a>b a>c b>d c>d d>e"));
        }

        for (var i = 0; i < 4; i++)
        {
            await Eventually.HoldsAsync("some more chains end", () => Ended.Count >= Math.Min(Chains, 5 + (i * 10)), Patience);
            await services[i % 2].KillAsync();
            services[i % 2] = await AddAsync("Chain", store);
        }

        for (var i = 0; i < Chains; i++)
        {
            var end = await EndAsync($"req{i}");
            Assert.Equal((3, 5), ((int)end["state"]!, (int)end["finishedJobs"]!));
            Assert.Equal(["a 1", "b 1", "c 1", "d 1", "e 1"], LogsOf($"req{i}"));
        }
    }

    [Fact]
    public async Task A_store_that_is_away_keeps_chains_in_their_queues()
    {
        await using var own = new PostgreSqlServer();
        await own.InitializeAsync();
        var worker = await AddAsync("Run,Report,Chain", new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await own.NewDatabaseAsync(),
        });
        await StartAsync(worker);
        await Client.SendAsync("run-chain", Chain("req1", "a b", "a>b", (id, job) => Shell(job, "sleep 1")));
        await Eventually.HoldsAsync("the chain has begun", () => worker.Output.Contains("Chain req1 started", StringComparison.Ordinal), Patience);
        await own.KillAsync();
        await Client.SendAsync("run-chain", Chain("req2", "a", ""));
        await Eventually.HoldsAsync("it is told", () => worker.Output.Contains("cannot be used", StringComparison.Ordinal), Patience);

        await own.StartAsync();

        Assert.Equal(3, (int)(await EndAsync("req1"))["state"]!);
        Assert.Equal(3, (int)(await EndAsync("req2"))["state"]!);
        Assert.Equal(0u, await ReadyAsync("run-chain_error"));
        Assert.Equal(0u, await ReadyAsync("chain-job-finished_error"));
    }

    [Fact]
    public async Task An_instance_that_ends_while_its_store_is_away_gives_its_events_back()
    {
        await using var own = new PostgreSqlServer();
        await own.InitializeAsync();
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await own.NewDatabaseAsync(),
        };
        var worker = await AddAsync("Run,Report,Chain", store);
        await StartAsync(worker);
        await own.KillAsync();
        await Client.SendAsync("run-chain", Chain("req1", "a", ""));
        await Eventually.HoldsAsync("it is told", () => worker.Output.Contains("cannot be used", StringComparison.Ordinal), Patience);

        Assert.Equal(0, await worker.TerminateAsync());
        Assert.Equal((1u, 0u), (await ReadyAsync("run-chain"), await ReadyAsync("run-chain_error")));

        await own.StartAsync();
        await AddAsync("Run,Report,Chain", store);
        Assert.Equal(3, (int)(await EndAsync("req1"))["state"]!);
        Assert.Equal(0u, await ReadyAsync("run-chain_error"));
    }
}
