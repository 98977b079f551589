using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// Bad input never crashes a worker, never loops, never disappears: the command is in the error queue with the reason in
/// a header, its scheduler knows, and the next command runs.
/// </summary>
public sealed class BadInputTests(Broker broker)
{
    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    public static TheoryData<string, string, string> Refused => new()
    {
        { "not JSON", "this is not json", "is not the JSON of a RunJob" },
        { "empty", "", "the body is empty" },
        { "JSON but no object", "[1,2,3]", "is not the JSON of a RunJob" },
        { "JSON that is no RunJob", """{"hello":"world"}""", "requestId is missing or empty; job.id is missing or empty; job.type is missing or empty" },
        { "no request id", """{"job":{"id":"abcd","type":"noop"}}""", "requestId is missing or empty" },
        { "empty job id", """{"requestId":"REQ","job":{"id":"","type":"noop"}}""", "job.id is missing or empty" },
    };

    public static TheoryData<string, string, string> RefusedAndTold => new()
    {
        { "no type", """{"requestId":"REQ","job":{"id":"abcd"}}""", "job.type is missing or empty" },
        { "negative prevTries", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"prevTries":-1}""", "prevTries is -1" },
        { "prevTries beyond retry", """{"requestId":"REQ","job":{"id":"abcd","type":"noop","retry":1},"prevTries":3}""", "prevTries is 3; it must be from 0 to 1 + job.retry = 2" },
        { "negative totalTries", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"totalTries":-5}""", "totalTries is -5" },
        { "huge totalTries", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"totalTries":99999999999}""", "totalTries is 99999999999" },
        { "a counter no integer holds", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"totalTries":1e40}""", "totalTries" },
        { "bad retryWait", """{"requestId":"REQ","job":{"id":"abcd","type":"noop","retryWait":"5 parsecs"}}""", "job.retryWait \"5 parsecs\" is not a duration" },
        { "bad timeout", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"timeout":"-1s"}""", "timeout \"-1s\" is negative" },
        { "bytes that are no base64", """{"requestId":"REQ","job":{"id":"abcd","type":"noop","bytes":"***"}}""", "$.job.bytes" },
        { "truncated", """{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"jobData":{"a":[1,2""", "is not the JSON of a RunJob" },
    };

    [Fact]
    public async Task Commands_that_cannot_be_understood_go_to_the_error_queue_with_the_reason()
    {
        await using var stage = await Stage.SetAsync(broker);
        foreach (var (name, body, reason) in Refused.Select(row => row.Data))
        {
            await stage.Client.SendAsync("run-job", body);
            var error = await ErrorAsync(stage, name);
            Assert.Equal(body, error.Body);
            Assert.Contains(reason, error.Header("MT-Fault-Message"));
        }

        await StillWorksAsync(stage);
        Assert.Single(stage.Finished);
    }

    [Fact]
    public async Task Where_request_and_job_are_known_the_scheduler_is_told_that_the_job_failed_and_why()
    {
        await using var stage = await Stage.SetAsync(broker);
        foreach (var (name, body, reason) in RefusedAndTold.Select(row => row.Data))
        {
            var request = Stage.NewRequestId();
            await stage.Client.SendAsync("run-job", body.Replace("REQ", request, StringComparison.Ordinal));

            var end = await stage.FinishedAsync(request, "abcd");
            Assert.Equal(4, (int)end["finalState"]!);
            Assert.Contains(reason, (string)end["error"]!);
            Assert.Contains(reason, (await ErrorAsync(stage, name)).Header("MT-Fault-Message"));
            Assert.Single(stage.Ends(request, "abcd"));
        }

        await StillWorksAsync(stage);
        Assert.Single(stage.RequestManager.Rows);
    }

    [Fact]
    public async Task Jobs_that_cannot_be_made_fail_without_a_try_with_one_log_that_says_why()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Jobs__Shell__Enabled"] = "false" });
        var request = Stage.NewRequestId();
        foreach (var (id, job, reason) in new[]
        {
            ("unkn", "\"type\":\"no-such-type\"", "problem creating job runner: unknown job type \"no-such-type\""),
            ("byte", $"\"type\":\"sleep\",\"bytes\":\"{Base64("not json")}\"", "problem creating job runner: "),
            ("shel", $"\"type\":\"shell-command\",\"bytes\":\"{Base64("{\"cmd\":\"/bin/true\"}")}\"", "JobRunner__Jobs__Shell__Enabled=true"),
        })
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{id}}","retry":3, {{job}} },"totalTries":6}
                """);

            var end = await stage.FinishedAsync(request, id);
            Assert.Equal((4, 0, 7), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["totalTries"]!));
            await Eventually.HoldsAsync($"the log of {id}", () => stage.RequestManager.Rows.Any(row => row.JobId == id));
            var log = Assert.Single(stage.RequestManager.Rows, row => row.JobId == id);
            Assert.Equal((7, 0, 0, 1), (log.Try, log.StartedAt, log.FinishedAt, log.Exit));
            Assert.StartsWith("problem creating job runner: ", log.Error);
            Assert.Contains(reason, log.Error);
        }
    }

    [Fact]
    public async Task A_reason_too_long_for_a_header_is_cut_and_the_command_still_rests()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var wait = new string('x', 300_000);
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"noop","retryWait":"{{wait}}"} }
            """);

        await stage.FinishedAsync(request, "abcd");
        Assert.Contains("more characters", (await ErrorAsync(stage, "long")).Header("MT-Fault-Message"));
        await StillWorksAsync(stage);
    }

    [Fact]
    public async Task A_body_of_12_MB_where_8_are_taken_is_refused_whole_and_the_worker_goes_on()
    {
        // RabbitMQ 4 itself takes 16 MiB at most.
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__MaxCommandBytes"] = "8388608" });
        var request = Stage.NewRequestId();
        var filler = new string('a', 12_000_000);
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"noop"},"jobData":{"filler":"{{filler}}"} }
            """);

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Contains("JobRunner__Worker__MaxCommandBytes", (string)end["error"]!);
        Assert.True((await ErrorAsync(stage, "12 MB")).Body.Length > 12_000_000);
        await StillWorksAsync(stage);
    }

    [Fact]
    public async Task A_second_command_for_a_job_that_runs_is_refused_and_the_run_is_not_touched()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var sleeps = Base64("""{"duration":5000000000}""");
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"sleep","bytes":"{{sleeps}}"} }""");
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);

        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"},"totalTries":5}""");
        // The same command again, as a scheduler sends it that is not sure: joins the run.
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"sleep","bytes":"{{sleeps}}"} }""");

        Assert.Contains("runs here already", (await ErrorAsync(stage, "second")).Header("MT-Fault-Message"));
        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal(3, (int)end["finalState"]!);
        await StillWorksAsync(stage);
        Assert.Single(stage.Ends(request, "abcd"));
        // Logs reach the Request Manager in any order.
        await Eventually.HoldsAsync("the run's log", () => stage.RequestManager.Rows.Any(row => row.RequestId == request));
        Assert.Single(stage.RequestManager.Rows, row => row.RequestId == request);
    }

    [Fact]
    public async Task Ids_in_AMQP_properties_need_not_be_GUIDs_and_a_content_type_is_not_needed()
    {
        await using var stage = await Stage.SetAsync(broker);
        foreach (var properties in new[]
        {
            new BasicProperties { MessageId = "m-1", CorrelationId = "c-1", AppId = "a", ContentType = "text/plain" },
            new BasicProperties { ContentType = "not a content type" },
            new BasicProperties { ContentType = "application/json; charset=utf-8", Headers = new Dictionary<string, object?> { ["x"] = 1, ["MT-MessageType"] = "urn:x" } },
        })
        {
            var request = Stage.NewRequestId();
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""", properties);
            Assert.Equal(3, (int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!);
        }
    }

    [Fact]
    public async Task A_MassTransit_envelope_is_understood_too()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync(
            "run-job",
            $$"""
            {"messageId":"3fa85f64-5717-4562-b3fc-2c963f66afa6","messageType":["urn:message:Some.Where:RunJob"],
             "message":{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"},"jobData":{"x":1} } }
            """,
            new BasicProperties { ContentType = "application/vnd.masstransit+json" });
        Assert.Equal(1, (int)(await stage.FinishedAsync(request, "abcd"))["jobData"]!["x"]!);

        var refused = Stage.NewRequestId();
        await stage.Client.SendAsync(
            "run-job",
            $$"""{"message":{"requestId":"{{refused}}","job":{"id":"abcd"} } }""",
            new BasicProperties { ContentType = "application/vnd.masstransit+json" });
        Assert.Contains("job.type", (string)(await stage.FinishedAsync(refused, "abcd"))["error"]!);
    }

    [Fact]
    public async Task A_body_that_nobody_expected_wedges_no_worker()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "2" });
        var request = Stage.NewRequestId();
        foreach (var body in new[]
        {
            """{"\ud800xx": 1}""",
            """{"message":{"requestId":"r","\udc00":1}}""",
            """{"message":{"requestId":"REQ","job":{"id":"abcd","type":"noop"},"jobData":{"\ud83d":1}}}""".Replace("REQ", request, StringComparison.Ordinal),
            """{"message":{"requestId":"r""",
        })
        {
            // More than there are slots.
            for (var copy = 0; copy < 3; copy++)
            {
                await stage.Client.SendAsync("run-job", body, new BasicProperties { ContentType = "application/vnd.masstransit+json" });
            }

            for (var copy = 0; copy < 3; copy++)
            {
                var error = await ErrorAsync(stage, body);
                Assert.Equal(body, error.Body);
                Assert.NotEmpty(error.Header("MT-Fault-Message"));
            }
        }

        Assert.Contains("half a surrogate pair", (string)(await stage.FinishedAsync(request, "abcd"))["error"]!);
        await StillWorksAsync(stage);
        Assert.DoesNotContain("of request , job ", stage.Worker.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_body_and_any_headers_are_run_or_kept_in_the_error_queue_and_none_stays_open()
    {
        const int Messages = 400;
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "4" });
        var seed = Random.Shared.Next();
        var bodies = new AnyBody(seed);
        for (var message = 0; message < Messages; message++)
        {
            var (body, contentType) = bodies.Next();
            var properties = new BasicProperties { Headers = AnyBody.HeadersOf(seed + message) };
            if (contentType is not null)
            {
                properties.ContentType = contentType;
            }

            await stage.Client.SendAsync("run-job", body, properties);
        }

        await StillWorksAsync(stage);
        await Eventually.HoldsAsync($"none is left of seed {seed}", async () => await stage.Client.CountAsync("run-job") == 0);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        // What was neither acknowledged nor rejected would be back.
        Assert.True(await stage.Client.CountAsync("run-job") == 0, $"seed {seed}: {stage.Worker.Output}");
        Assert.True(await stage.Client.CountAsync("run-job_error") > Messages / 2, $"seed {seed}");
        Assert.DoesNotContain("Unhandled exception", stage.Worker.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(120_000)]
    [InlineData(126_000)]
    [InlineData(130_000)]
    public async Task A_refused_command_whose_headers_nearly_fill_a_frame_is_kept_with_the_reason(int length)
    {
        await using var stage = await Stage.SetAsync(broker);
        await stage.Client.SendAsync(
            "run-job", "no command", new BasicProperties { Headers = new Dictionary<string, object?> { ["small"] = "kept", ["large"] = new string('x', length) } });

        var error = await ErrorAsync(stage, "large headers");

        Assert.Contains("is not the JSON of a RunJob", error.Header("MT-Fault-Message"));
        Assert.Equal("kept", error.Header("small"));
        await StillWorksAsync(stage);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        Assert.Equal(0u, await stage.Client.CountAsync("run-job"));
    }

    [Fact]
    public async Task Output_with_NUL_and_invalid_UTF_8_and_100_MB_of_it_reach_the_Request_Manager_bounded()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        foreach (var (id, script) in new[]
        {
            ("nuls", @"printf 'a\000b\377c'"),
            ("flod", @"head -c 100000000 /dev/zero | tr '\0' x"),
        })
        {
            var bytes = Base64(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString());
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"{{id}}","type":"shell-command","bytes":"{{bytes}}"} }""");
            Assert.Equal(3, (int)(await stage.FinishedAsync(request, id))["finalState"]!);
        }

        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        Assert.Equal("a\0b\uFFFDc", stage.RequestManager.Rows.Single(row => row.JobId == "nuls").Stdout);
        var flood = stage.RequestManager.Rows.Single(row => row.JobId == "flod").Stdout;
        Assert.InRange(flood.Length, 900_000, 1_200_000);
        Assert.Contains("bytes cut", flood);
        await StillWorksAsync(stage);
    }

    [Fact]
    public async Task Job_logs_that_the_Request_Manager_will_never_take_rest_in_the_error_queue_with_its_reason()
    {
        await using var stage = await Stage.SetAsync(broker);
        await stage.Client.SendAsync("run-job", """{"requestId":"too-short","job":{"id":"abcd","type":"noop"}}""");
        await stage.FinishedAsync("too-short", "abcd");
        await stage.Client.SendAsync("job-log-recorded", "not json");

        await Eventually.HoldsAsync("two errors", async () => await stage.Client.CountAsync("job-log-recorded_error") == 2);
        var errors = new[] { await stage.Client.GetAsync("job-log-recorded_error"), await stage.Client.GetAsync("job-log-recorded_error") };
        Assert.Contains(errors, error => error!.Header("MT-Fault-Message").Contains("20", StringComparison.Ordinal));
        Assert.Contains(errors, error => error!.Header("MT-Fault-Message").Contains("not the JSON of a JobLogRecorded", StringComparison.Ordinal));
        await StillWorksAsync(stage);
    }

    [Fact]
    public async Task A_log_that_a_Request_Manager_does_not_take_while_it_is_away_arrives_when_it_is_back()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__RequestManager__AttemptDelay"] = "20ms" });
        await stage.RequestManager.GoDownAsync();
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""");
        await stage.FinishedAsync(request, "abcd");
        await Eventually.HoldsAsync("the worker says so", () => stage.Worker.Output.Contains("Job logs do not get through", StringComparison.Ordinal));

        await stage.RequestManager.ComeUpAsync();

        await Eventually.HoldsAsync("the log arrives", () => stage.RequestManager.Rows is [{ JobId: "abcd" }]);
        Assert.Null(await stage.Client.GetAsync("job-log-recorded_error"));
        await StillWorksAsync(stage);
    }

    private static async Task<PlainMessage> ErrorAsync(Stage stage, string name, string queue = "run-job_error")
    {
        PlainMessage? error = null;
        await Eventually.HoldsAsync($"\"{name}\" is in {queue}", async () => (error = await stage.Client.GetAsync(queue)) is not null);
        return error!;
    }

    private static async Task StillWorksAsync(Stage stage)
    {
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"good","type":"noop"} }""");
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "good"))["finalState"]!);
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows.Any(row => row.RequestId == request));
    }
}
