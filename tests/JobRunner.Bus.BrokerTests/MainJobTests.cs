using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The main path: a plain AMQP scheduler, a real broker, a worker process, a Request Manager.</summary>
public sealed class MainJobTests(Broker broker)
{
    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task Spin_Cycles_own_job_JSON_runs_and_its_logs_reach_the_Request_Manager()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var bytes = Base64("""{"cmd":"/bin/sh","args":["-c","echo out; echo err >&2; test -e $0 || { touch $0; exit 7; }","FILE"]}"""
            .Replace("FILE", Path.Combine(Path.GetTempPath(), request), StringComparison.Ordinal));

        // As Go's encoding/json writes a proto.Job.
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"aB3d","name":"try-twice","type":"shell-command","bytes":"{{bytes}}","state":1,
            "args":{"cmd":"x"},"retry":2,"retryWait":"10ms","sequenceId":"aB3d","sequenceRetry":0},"jobData":{"n":9007199254740993},
            "prevTries":0,"totalTries":0}
            """);

        var end = await stage.FinishedAsync(request, "aB3d");
        Assert.Equal(3, (int)end["finalState"]!);
        Assert.Equal(2, (int)end["tries"]!);
        Assert.Equal(2, (int)end["prevTries"]!);
        Assert.Equal(2, (int)end["totalTries"]!);
        Assert.Equal("9007199254740993", end["jobData"]!["n"]!.ToJsonString());

        await Eventually.HoldsAsync("both logs at the Request Manager", () => stage.RequestManager.Rows.Count == 2);
        var post = stage.RequestManager.Requests[0];
        Assert.Equal("POST", post.Method);
        Assert.Equal($"/api/v1/requests/{request}/log", post.Target);
        Assert.Equal("application/json", post.Headers["Content-Type"]);
        var log = System.Text.Json.Nodes.JsonNode.Parse(post.Body.Span)!.AsObject();
        Assert.Equal(
            ["requestId", "jobId", "try", "name", "type", "startedAt", "finishedAt", "state", "exit", "error", "stdout", "stderr"],
            log.Select(field => field.Key));
        var rows = stage.RequestManager.Rows.OrderBy(row => row.Try).ToList();
        Assert.Equal([(1L, 4, 7L), (2L, 3, 0L)], rows.Select(row => (row.Try, (int)row.State, row.Exit)));
        Assert.All(rows, row => Assert.Equal(("out\n", "err\n"), (row.Stdout, row.Stderr)));
        Assert.Equal(0u, await stage.Client.CountAsync("run-job_error"));
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
    }

    [Fact]
    public async Task A_job_that_waits_between_tries_is_parked_in_the_broker_and_goes_on_when_due()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var bytes = Base64("""{"cmd":"/bin/false"}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","jobData":{"a":1},
            "job":{"id":"wait","type":"shell-command","bytes":"{{bytes}}","retry":2,"retryWait":"2s"}
            }
            """);

        await Eventually.HoldsAsync("it waits in the queue of its wait", async () =>
            (await stage.Client.GetQueuesAsync(broker)).Contains("run-job.wait.2s"));
        var end = await stage.FinishedAsync(request, "wait");

        Assert.Equal((4, 3, 3, 3), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("three logs", () => stage.RequestManager.Rows.Count == 3);
        var rows = stage.RequestManager.Rows.OrderBy(row => row.Try).ToList();
        Assert.Equal([1, 2, 3], rows.Select(row => (int)row.Try));
        Assert.All(rows.Zip(rows.Skip(1)), pair => Assert.True(pair.Second.StartedAt - pair.First.FinishedAt >= 1_900_000_000));
        Assert.Single(stage.Ends(request, "wait"));
    }
}
