using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The program as people use it: as a process, with a broker and without.</summary>
public sealed class ProgramTests(Broker broker)
{
    private static async Task<(int Exit, string Output)> RunAsync(string[] arguments, Dictionary<string, string>? settings = null)
    {
        await using var program = WorkerProcess.Start(arguments, settings ?? []);
        return (await program.ExitCodeAsync(), program.Output);
    }

    [Fact]
    public async Task The_example_chain_runs_embedded_and_its_logs_are_in_the_local_store()
    {
        var store = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        var settings = new Dictionary<string, string> { ["JobRunner__JobLogStore__Path"] = store };

        var (exit, output) = await RunAsync(["run", "examples/backup-chain.json", "--json"], settings);

        Assert.True(exit == 0, output);
        var result = JsonNode.Parse(output)!;
        Assert.Equal(7, result["jobs"]!.AsArray().Count);
        Assert.All(result["jobs"]!.AsArray(), job => Assert.Equal("COMPLETE", (string)job!["finalState"]!));
        var twice = Assert.Single(result["jobs"]!.AsArray(), job => job!["tries"]!.AsArray().Count == 2);
        Assert.Equal(["FAIL", "COMPLETE"], twice!["tries"]!.AsArray().Select(entry => (string)entry!["state"]!));

        var (logsExit, logs) = await RunAsync(["logs", (string)result["requestId"]!, "--json"], settings);
        Assert.Equal(0, logsExit);
        Assert.Equal(8, JsonNode.Parse(logs)!.AsArray().Count);
        File.Delete(store);
    }

    [Fact]
    public async Task A_chain_submitted_to_a_broker_with_wait_ends_as_it_does_embedded()
    {
        await using var stage = await Stage.SetAsync(broker);

        var (exit, output) = await RunAsync(["submit", "examples/backup-chain.json", "--wait", "--json", "--broker", stage.Uri.ToString()]);

        Assert.True(exit == 0, output);
        Assert.All(JsonNode.Parse(output)!["jobs"]!.AsArray(), job => Assert.Equal("COMPLETE", (string)job!["finalState"]!));
        await Eventually.HoldsAsync("all logs at the Request Manager", () => stage.RequestManager.Rows.Count == 8);
    }

    [Fact]
    public async Task Stop_and_ps_reach_a_job_on_any_worker()
    {
        await using var stage = await Stage.SetAsync(broker);
        await stage.AddWorkerAsync();
        var request = Stage.NewRequestId();
        var sleeps = Convert.ToBase64String("""{"duration":600000000000}"""u8);
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","name":"nap","type":"sleep","bytes":"{{sleeps}}"} }""");
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);

        var (psExit, ps) = await RunAsync(["ps", "--broker", stage.Uri.ToString(), "--json"]);
        Assert.Equal(0, psExit);
        var status = Assert.Single(JsonNode.Parse(ps)!.AsArray())!;
        Assert.Equal(("nap", "sleeping 10m0s"), ((string)status["name"]!, (string)status["status"]!));

        var (stopExit, stop) = await RunAsync(["stop", request, "--broker", stage.Uri.ToString()]);
        Assert.Equal(0, stopExit);
        Assert.Contains("stopped-while-running", stop);
        Assert.Equal(6, (int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!);
    }

    [Fact]
    public async Task A_wrong_setting_names_itself_and_ends_the_worker_with_exit_code_2()
    {
        foreach (var (name, value, says) in new[]
        {
            ("JobRunner__Worker__Slots", "0", "JobRunner__Worker__Slots is \"0\""),
            ("JobRunner__Worker__Slots", "many", "JobRunner__Worker__Slots"),
            ("JobRunner__Worker__Lease", "5 parsecs", "JobRunner__Worker__Lease"),
            ("JobRunner__Worker__Slotz", "4", "Slotz"),
            ("JobRunner__Worker__Roles", "Dance", "JobRunner__Worker__Roles"),
            ("JobRunner__Transport", "Pigeon", "JobRunner__Transport"),
            ("JobRunner__RabbitMq__Uri", "http://user:secret@host", "JobRunner__RabbitMq__Uri"),
            ("JobRunner__RequestManager__BaseUrl", "ftp://x", "JobRunner__RequestManager__BaseUrl"),
            ("JobRunner__RequestManager__Attempts", "abc", "JobRunner__RequestManager__Attempts"),
            ("JobRunner__Http__Port", "99999", "JobRunner__Http__Port"),
            ("JobRunner__Jobs__Shell__User", "no-such-user", "JobRunner__Jobs__Shell__User is \"no-such-user\", but there is no such user"),
        })
        {
            var (exit, output) = await RunAsync(["worker"], new()
            {
                ["JobRunner__Transport"] = "RabbitMq",
                ["JobRunner__RabbitMq__Uri"] = broker.Node.UriOf("/").ToString(),
                ["JobRunner__Jobs__Shell__Enabled"] = "true",
                [name] = value,
            });
            Assert.True(exit == 2 && output.Contains(says, StringComparison.Ordinal), $"{name}={value}: exit {exit}, {output}");
            Assert.DoesNotContain("secret", output);
            Assert.DoesNotContain("   at ", output);
        }
    }

    [Fact]
    public async Task A_worker_without_a_way_in_or_with_a_wrong_password_says_so_and_ends_with_exit_code_2()
    {
        var (exit, output) = await RunAsync(["worker"]);
        Assert.Equal(2, exit);
        Assert.Contains("InMemory transport has no way in", output);

        (exit, output) = await RunAsync(["worker", "--broker", $"amqp://guest:wrong@127.0.0.1:{broker.Node.Port}/"]);
        Assert.Equal(2, exit);
        Assert.Contains("refused user \"guest\"", output);
        Assert.DoesNotContain("wrong@", output);
    }

    [Fact]
    public async Task Health_and_metrics_are_told_over_HTTP()
    {
        var port = RabbitMqNode.FreePort();
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Http__Port"] = $"{port}" });
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""");
        await stage.FinishedAsync(request, "abcd");
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health/ready", UriKind.Relative)));
        var metrics = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Contains("jobrunner_slots_limit", metrics);
        Assert.Contains("jobrunner_tries_total{", metrics);
    }

    [Fact]
    public async Task A_worker_waits_for_a_broker_that_is_not_there_yet_and_says_so()
    {
        var port = RabbitMqNode.FreePort();
        var http = RabbitMqNode.FreePort();
        await using var worker = WorkerProcess.Start(["worker", "--broker", $"amqp://guest:guest@127.0.0.1:{port}/"], new Dictionary<string, string>
        {
            ["JobRunner__Http__Port"] = $"{http}",
        });
        await Eventually.HoldsAsync("it says that it waits", () => worker.Output.Contains("The broker did not take queues and exchanges", StringComparison.Ordinal));
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, (await client.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.OK, (await client.GetAsync(new Uri("/health/live", UriKind.Relative))).StatusCode);
        Assert.Equal(0, await worker.TerminateAsync());
    }

    [Fact]
    public async Task Submit_with_wait_goes_on_when_its_connection_was_lost()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var proxy = TcpProxy.Start(broker.Node.Port);
        var folder = Directory.CreateTempSubdirectory("jobrunner-submit-").FullName;
        var (file, end) = (Path.Combine(folder, "job.json"), Path.Combine(folder, "end"));
        await File.WriteAllTextAsync(file, $$"""
            {"job":{"id":"nap1","type":"shell-command","bytes":{"cmd":"/bin/sh","args":["-c","until [ -e {{end}} ]; do sleep 0.1; done"]} } }
            """);
        await using var submit = WorkerProcess.Start(
            ["submit", file, "--wait", "--json", "--broker", new UriBuilder(stage.Uri) { Port = proxy.Port }.Uri.AbsoluteUri], new Dictionary<string, string>());
        await Eventually.HoldsAsync("the job runs", async () => (await stage.RunAsync("ps")).Output.Contains("RUNNING", StringComparison.Ordinal));

        proxy.Cut();

        await Eventually.HoldsAsync(() => $"it is connected again: {submit.Output}", () => submit.Output.Contains("the broker is there again", StringComparison.Ordinal));
        await File.WriteAllTextAsync(end, "");
        var exit = await submit.ExitCodeAsync();
        Directory.Delete(folder, recursive: true);
        Assert.True(exit == 0, submit.Output);
        Assert.Contains("waiting for the broker, jobs already sent go on", submit.Output);
    }
}
