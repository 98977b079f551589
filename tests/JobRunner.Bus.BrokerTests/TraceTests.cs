using System.Diagnostics;
using System.Text;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>Traces as a collector gets them over OTLP.</summary>
public sealed class TraceTests(Broker broker)
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string SchedulersSpan = "00f067aa0ba902b7";

    private static Dictionary<string, string> Role(OtlpCollector? collector, string role) => new(collector?.Settings ?? [])
    {
        ["JobRunner__Worker__Roles"] = role,
        ["JobRunner__RequestManager__Attempts"] = "1",
        ["JobRunner__Worker__ParkWaitsOver"] = "1s",
    };

    private static async Task<string> SendAsync(Stage stage, string job, string script, string rest, bool traced = true)
    {
        var request = Stage.NewRequestId();
        var file = Path.Combine(Path.GetTempPath(), request);
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"cmd":"/bin/sh","args":["-c","{{script}}","{{file}}"]}"""));
        var properties = new BasicProperties();
        if (traced)
        {
            properties.Headers = new Dictionary<string, object?> { ["traceparent"] = $"00-{Trace}-{SchedulersSpan}-01", ["tracestate"] = "acme=42" };
        }

        await stage.Client.SendAsync(
            "run-job", $$"""{"requestId":"{{request}}","job":{"id":"{{job}}","name":"third time","type":"shell-command","bytes":"{{bytes}}",{{rest}}} }""", properties);
        return request;
    }

    [Fact]
    public async Task Three_tries_with_a_wait_between_and_a_redelivered_log_are_one_trace_across_workers_and_the_Request_Manager()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var stage = await Stage.SetAsync(broker, Role(collector, "Run"));
        await stage.AddWorkerAsync(Role(collector, "Report"));
        // The first log is not answered before its delivery is lost: the broker delivers it again.
        stage.RequestManager.Answer(StubAnswer.Hang);

        var request = await SendAsync(stage, "aB3d", "echo x >> $0; test $(wc -l < $0) = 3", "\"retry\":2,\"retryWait\":\"2s\"");
        await stage.RequestManager.WaitForRequestsAsync(1);
        await Eventually.HoldsAsync("the report worker's connection is cut", async () => await broker.Node.CutAsync($".{stage.Newest.Id}.") is not []);

        await stage.FinishedAsync(request, "aB3d");
        await Eventually.HoldsAsync("all logs at the Request Manager", () => stage.RequestManager.Rows.Count == 3);
        IReadOnlyList<OtlpSpan> spans = [];
        await Eventually.HoldsAsync("every span is exported", () => (spans = collector.Spans).Count(span => span.Name == "process job-log-recorded") == 4
            && spans.Count(span => span.Name == "process run-job") == 3);
        TestContext.Current.TestOutputHelper?.WriteLine(SpanTree.Of(spans, SchedulersSpan));

        Assert.All(spans, span => Assert.Equal(Trace, span.TraceId));
        Assert.Equal(2, spans.Select(span => span.Instance).Distinct().Count());

        // The legs of the run: each is the child of what sent it on, the first of the scheduler's own span.
        var legs = spans.Where(span => span.Name == "process run-job").OrderBy(span => span.Start).ToList();
        var sentOn = spans.Where(span => span.Name == "publish run-job.wait").OrderBy(span => span.Start).ToList();
        Assert.Equal([SchedulersSpan, sentOn[0].SpanId, sentOn[1].SpanId], legs.Select(leg => leg.ParentId));
        Assert.Equal([legs[0].SpanId, legs[1].SpanId], sentOn.Select(span => span.ParentId));

        // Each try and its log.
        var tries = spans.Where(span => span.Name == "try").OrderBy(span => span.Start).ToList();
        Assert.Equal(legs.Select(leg => leg.SpanId), tries.Select(span => span.ParentId));
        Assert.Equal(["1 FAIL", "2 FAIL", "3 COMPLETE"], tries.Select(span => $"{span["jobrunner.try.number"]} {span["jobrunner.job.state"]}"));
        Assert.Equal([true, true, false], tries.Select(span => span.Failed));
        Assert.All(tries, span => Assert.Equal(
            (request, "aB3d", "shell-command"), (span["jobrunner.request.id"], span["jobrunner.job.id"], span["jobrunner.job.type"])));
        var published = spans.Where(span => span.Name == "publish job-log-recorded").OrderBy(span => span.Start).ToList();
        Assert.Equal(tries.Select(span => span.SpanId), published.Select(span => span.ParentId));

        // The redelivered log: processed twice, for the second time with success.
        var processed = spans.Where(span => span.Name == "process job-log-recorded").ToLookup(span => span.ParentId);
        Assert.Equal([2, 1, 1], published.Select(span => processed[span.SpanId].Count()));
        var twice = processed[published[0].SpanId].OrderBy(span => span.Start).ToList();
        Assert.Equal([(true, ""), (false, "true")], twice.Select(span => (span.Failed, span["jobrunner.message.redelivered"])));

        // Each POST, and what the Request Manager was told of it.
        var posts = spans.Where(span => span.Name == "POST").ToDictionary(span => span.SpanId);
        Assert.Equal(4, posts.Count);
        Assert.All(processed.SelectMany(same => same), span => Assert.Single(posts.Values, post => post.ParentId == span.SpanId));
        Assert.Equal(4, stage.RequestManager.Requests.Count);
        Assert.All(stage.RequestManager.Requests, asked =>
        {
            Assert.Matches($"^00-{Trace}-[0-9a-f]{{16}}-01$", asked.Headers["traceparent"]);
            Assert.Contains(asked.Headers["traceparent"][36..52], posts.Keys);
            Assert.Equal("acme=42", asked.Headers["tracestate"]);
        });

        // The scheduler can go on in the same trace.
        var finished = Assert.Single(spans, span => span.Name == "publish job-finished");
        Assert.Equal(legs[2].SpanId, finished.ParentId);
        Assert.Equal($"00-{Trace}-{finished.SpanId}-01", stage.Finished.Single().Header("traceparent"));
        Assert.All(spans.Where(span => span.Kind is "Producer" or "Consumer"), span =>
            Assert.Equal(("rabbitmq", span.Name), (span["messaging.system"], $"{span["messaging.operation.name"]} {span["messaging.destination.name"]}")));
        Assert.True(collector.Posts.ContainsKey("/v1/metrics") && collector.Posts.ContainsKey("/v1/logs"));
    }

    [Fact]
    public async Task A_command_of_no_trace_begins_one_of_its_own()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var stage = await Stage.SetAsync(broker, Role(collector, "Run,Report"));

        var first = await SendAsync(stage, "aaaa", "true", "\"retry\":0", traced: false);
        var second = await SendAsync(stage, "bbbb", "true", "\"retry\":0", traced: false);

        await Eventually.HoldsAsync("both are exported to their end", () => collector.Spans.Count(span => span.Name == "POST") == 2
            && collector.Spans.Count(span => span.Name == "process run-job") == 2);
        var roots = collector.Spans.Where(span => span.ParentId.Length == 0).ToList();
        Assert.Equal(["process run-job", "process run-job"], roots.Select(span => span.Name));
        Assert.Equal(new[] { first, second }.Order(), roots.Select(span => span["jobrunner.request.id"]).Order());
        Assert.Equal(2, collector.Spans.Select(span => span.TraceId).Distinct().Count());
    }

    [Fact]
    public async Task Workers_that_export_nothing_pass_a_trace_on()
    {
        await using var stage = await Stage.SetAsync(broker, Role(null, "Run,Report"));

        var request = await SendAsync(stage, "aB3d", "false", "\"retry\":1,\"retryWait\":\"2s\"");

        await stage.FinishedAsync(request, "aB3d");
        await Eventually.HoldsAsync("both logs at the Request Manager", () => stage.RequestManager.Rows.Count == 2);
        Assert.Equal($"00-{Trace}-{SchedulersSpan}-01", stage.Finished.Single().Header("traceparent"));
        Assert.Equal("acme=42", stage.Finished.Single().Header("tracestate"));
        Assert.All(stage.RequestManager.Requests, asked => Assert.StartsWith($"00-{Trace}-", asked.Headers["traceparent"]));
    }

    [Fact]
    public async Task Submit_begins_the_trace_and_a_stop_is_a_trace_of_its_own_linked_to_the_runs_it_stopped()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var stage = await Stage.SetAsync(broker, Role(collector, "Run,Report"));
        var request = Stage.NewRequestId();
        await SubmitAsync("""{"id":"runs","type":"sleep","bytes":{"duration":600000000000}}""");
        await SubmitAsync("""{"id":"wait","type":"shell-command","bytes":{"cmd":"/bin/false"},"retry":1,"retryWait":"10m"}""");
        await Eventually.HoldsAsync("one runs and one waits", async () =>
            (await stage.RunAsync("ps", request)).Output is var told && told.Contains("RUNNING", StringComparison.Ordinal) && told.Contains("(retry sleep)", StringComparison.Ordinal));

        await ProgramAsync("stop", request);
        // Comes too late, if by seconds: sent before the stop, as far as its sender says.
        await stage.Client.SendAsync(
            "run-job", $$"""{"requestId":"{{request}}","job":{"id":"late","type":"noop"},"sentAt":"2026-01-01T00:00:00Z"}""",
            new BasicProperties { Headers = new Dictionary<string, object?> { ["traceparent"] = $"00-{Trace}-{SchedulersSpan}-01" } });
        foreach (var job in (string[])["runs", "wait", "late"])
        {
            await stage.FinishedAsync(request, job);
        }

        IReadOnlyList<OtlpSpan> spans = [];
        await Eventually.HoldsAsync("every span is exported", () => (spans = collector.Spans).Count(span => span.Name == "process stop-job") == 2
            && spans.Count(span => span.Name == "POST") == 2 && spans.Count(span => span.Name == "process run-job") == 3);
        TestContext.Current.TestOutputHelper?.WriteLine(SpanTree.Of(spans, ""));

        // From the program's message to the Request Manager.
        var submits = spans.Where(span => span.Name == "publish run-job").OrderBy(span => span.Start).ToList();
        Assert.All(submits, span => Assert.Equal(("", "Producer"), (span.ParentId, span.Kind)));
        Assert.Equal(["runs", "wait"], submits.Select(span => span["jobrunner.job.id"]));
        foreach (var submit in submits)
        {
            var ofTrace = spans.Where(span => span.TraceId == submit.TraceId).ToList();
            Assert.Equal(submit.SpanId, Assert.Single(ofTrace, span => span.Name == "process run-job").ParentId);
            Assert.Single(ofTrace, span => span.Name == "POST");
        }

        // The stop: published by the program, heard by the worker once for each run it stopped, and linked to it both ways.
        var stop = Assert.Single(spans, span => span.Name == "publish stop-job");
        Assert.Equal("", stop.ParentId);
        var heard = spans.Where(span => span.Name == "process stop-job").ToDictionary(span => span["jobrunner.job.id"]);
        Assert.All(heard.Values, span => Assert.Equal((stop.TraceId, stop.SpanId), (span.TraceId, span.ParentId)));
        Assert.Equal(("stopped-while-running", "STOPPED"), (heard["runs"]["jobrunner.stop.outcome"], heard["runs"]["jobrunner.job.state"]));
        Assert.Equal("stopped-while-waiting", heard["wait"]["jobrunner.stop.outcome"]);
        var run = Assert.Single(spans, span => span.Name == "process run-job" && span.TraceId == submits[0].TraceId);
        Assert.Equal([run.SpanId], heard["runs"].Links);
        Assert.Equal([heard["runs"].SpanId], run.Links);
        var stopped = Assert.Single(spans, span => span.Name == "stop");
        Assert.Equal(submits[1].TraceId, stopped.TraceId);
        Assert.Equal([heard["wait"].SpanId], stopped.Links);
        Assert.Contains(stopped.ParentId, heard["wait"].Links);

        // A command that came too late is linked to the stop it came too late for.
        Assert.Equal([stop.SpanId], Assert.Single(spans, span => span.Name == "process run-job" && span.TraceId == Trace).Links);

        async Task SubmitAsync(string job)
        {
            var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
            await File.WriteAllTextAsync(file, $$"""{"requestId":"{{request}}","job":{{job}}}""");
            await ProgramAsync("submit", file);
            File.Delete(file);
        }

        async Task ProgramAsync(params string[] arguments)
        {
            await using var program = WorkerProcess.Start([.. arguments, "--broker", stage.Uri.ToString()], collector.Settings);
            Assert.True(await program.ExitCodeAsync() == 0, program.Output);
        }
    }

    [Fact]
    public async Task A_scheduler_that_nobody_listens_to_hands_on_the_trace_it_is_in()
    {
        await using var stage = await Stage.SetAsync(broker, Role(null, "Run,Report"));
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri, new JobRunnerClientOptions { ReceivesResults = false });
        using var span = new Activity("the scheduler's own").SetParentId(ActivityTraceId.CreateFromString(Trace), ActivitySpanId.CreateFromString(SchedulersSpan), ActivityTraceFlags.Recorded).Start();

        var command = new RunJob { RequestId = Stage.NewRequestId(), Job = new Job { Id = "ab1Z", Type = "noop" } };
        await client.SubmitAsync(command);

        await stage.FinishedAsync(command.RequestId, "ab1Z");
        Assert.Equal($"00-{Trace}-{span.SpanId}-01", stage.Finished.Single().Header("traceparent"));
    }
}
