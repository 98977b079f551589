using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ErrorsCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    private FakeRepairBroker Broker => _cli.Repair;

    private string Output => _cli.TakeOutput().ReplaceLineEndings("\n");

    private static string Log(string request, string job, long number) =>
        $$"""{"requestId":"{{request}}","jobId":"{{job}}","try":{{number}},"stdout":"out"}""";

    private void AddThree()
    {
        Broker.Add(Names.RunJob, """{"requestId":"r1","job":{"id":"aaaa","type":"noop"},"totalTries":2}""", "job.type is missing\nsecond line", Chains.Noon.AddHours(-3));
        Broker.Add(Names.RunJob, "no JSON", "the body is not the JSON of a RunJob", Chains.Noon.AddHours(-2));
        Broker.Add(Names.JobLogRecorded, Log("r2", "bbbb", 1), "500 \"Error 1406: too long\"", Chains.Noon.AddHours(-1));
    }

    [Fact]
    public async Task List_shows_both_queues_and_removes_nothing()
    {
        AddThree();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors list"));

        Assert.Equal(
            """
            QUEUE                   REQUEST  JOB ID  TRY  FAILED               REASON
            run-job_error           r1       aaaa    3    2026-01-02 09:00:00  job.type is missing second line
            run-job_error           ?        ?       ?    2026-01-02 10:00:00  the body is not the JSON of a RunJob
            job-log-recorded_error  r2       bbbb    1    2026-01-02 11:00:00  500 "Error 1406: too long"

            """,
            Output);
        Assert.Empty(Broker.Steps);
    }

    [Theory]
    [InlineData("--queue run-job", 2)]
    [InlineData("--queue job-log-recorded_error", 1)]
    [InlineData("--request r2", 1)]
    [InlineData("--job aaaa --try 3", 1)]
    [InlineData("--job aaaa --try 1", 0)]
    [InlineData("--reason ERROR", 1)]
    [InlineData("--older-than 90m", 2)]
    [InlineData("--newer-than 150m", 2)]
    [InlineData("--newer-than 150m --older-than 90m", 1)]
    [InlineData("--limit 2", 2)]
    public async Task Filters_narrow_the_list(string filter, int count)
    {
        AddThree();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"errors list --json {filter}"));

        Assert.Equal(count, JsonNode.Parse(Output)!.AsArray().Count);
    }

    [Fact]
    public async Task A_limit_that_was_reached_and_another_reader_are_told()
    {
        AddThree();
        Broker.OthersRead = true;

        await _cli.RunAsync("errors list --limit 1");

        Assert.Contains("somebody else reads run-job_error now", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("2 more messages were not looked at; --limit 1 was reached", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_prints_headers_and_body_in_full_without_what_moves_the_cursor()
    {
        Broker.Add(Names.JobLogRecorded, Log("r2", "bbbb", 1) + "\u001b[2J", "why", null, ("x-death", new List<object> { new Dictionary<string, object> { ["count"] = 3L } }));

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors show --request r2"));

        Assert.Equal(
            """
            === job-log-recorded_error: request r2 job bbbb try 1, failed 2026-01-02 12:00:00, 60 bytes
            --- reason
            why
            --- headers
            MT-Fault-Message: why
            MT-Fault-Timestamp: 2026-01-02T12:00:00.0000000+00:00
            x-death: [{count: 3}]
            --- body
            {"requestId":"r2","jobId":"bbbb","try":1,"stdout":"out"} [2J

            """,
            Output);

        await _cli.RunAsync("errors show --request r2 --json");
        var shown = Assert.Single(JsonNode.Parse(Output)!.AsArray())!;
        Assert.Equal(("why", "[{count: 3}]", 60), ((string)shown["headers"]!["MT-Fault-Message"]!, (string)shown["headers"]!["x-death"]!, (int)shown["bytes"]!));
        Assert.StartsWith("{\"requestId\":\"r2\"", (string)shown["body"]!, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("errors show --request nobody"));
    }

    [Fact]
    public async Task Retry_without_yes_only_tells()
    {
        AddThree();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all"));

        Assert.Equal(
            """
            run-job_error  request r1 job aaaa try 3  would be sent back: from try 3, 1 try
            run-job_error  request ? job ? try ?  would be sent back: as it is: it cannot be understood
            job-log-recorded_error  request r2 job bbbb try 1  would be sent back
            3 would be sent back.
            Nothing was changed; --yes does it.

            """,
            Output);
        Assert.Empty(Broker.Steps);
    }

    [Fact]
    public async Task A_log_goes_straight_to_its_queue_without_faults_and_counters_and_is_removed_after_that()
    {
        Broker.Add(
            Names.JobLogRecorded, Log("r2", "bbbb", 1), "why", null,
            ("x-death", new List<object>()), ("x-delivery-count", 3L), ("MT-Host-MachineName", "m"), ("MT-Redelivery-Count", 4), ("jobrunner-redelivered", "9"),
            ("traceparent", "00-1"));

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --request r2 --yes"));

        var sent = Assert.Single(Broker.Sent);
        Assert.Equal(("", Names.JobLogRecorded, Log("r2", "bbbb", 1)), (sent.Exchange, sent.RoutingKey, Encoding.UTF8.GetString(sent.Body.Span)));
        Assert.Equal(["traceparent"], sent.Properties.Headers!.Keys);
        Assert.True(sent.Properties.Persistent);
        Assert.False(sent.Properties.IsExpirationPresent());
        Assert.Equal(["sent", "removed"], Broker.Steps);
        Assert.Equal("job-log-recorded_error  request r2 job bbbb try 1  sent back\n1 sent back.\n", Output);
    }

    [Fact]
    public async Task A_log_that_was_delivered_meanwhile_is_dropped_and_the_store_is_asked_once_per_request()
    {
        for (var number = 1; number <= 3; number++)
        {
            Broker.Add(Names.JobLogRecorded, Log("r2", "bbbb", number));
        }

        _cli.Stored.Tries.Add(("r2", "bbbb", 2));

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes --request-manager http://rm"));

        Assert.Contains("try 2  dropped: the Request Manager at http://rm has it\n", Output, StringComparison.Ordinal);
        Assert.Equal((2, "http://rm"), (Broker.Sent.Count, _cli.Stored.RequestManager));
        Assert.Equal(["r2"], _cli.Stored.Asked);
        Assert.Empty(Broker.Left(Names.JobLogRecorded));
    }

    [Fact]
    public async Task When_the_store_does_not_answer_everything_is_sent_back_and_that_is_told()
    {
        Broker.Add(Names.JobLogRecorded, Log("r1", "bbbb", 1));
        Broker.Add(Names.JobLogRecorded, Log("r2", "bbbb", 1));
        _cli.Stored.IsDown = true;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Equal((2, 1), (Broker.Sent.Count, _cli.Stored.Asked.Count));
        Assert.Contains("it cannot be told which logs were delivered meanwhile", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_could_not_be_sent_stays_and_what_was_done_is_told()
    {
        for (var number = 1; number <= 3; number++)
        {
            Broker.Add(Names.RunJob, $"no JSON {number}");
        }

        Broker.BreakAtSend = 3;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Single(Broker.Left(Names.RunJob));
        Assert.Contains("the connection to the broker was lost", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_is_sent_back_as_a_resume_of_now_on_the_way_that_the_journal_sees()
    {
        Broker.Add(
            Names.RunJob, """{"requestId":"r1","job":{"id":"aaaa","type":"noop","retry":2},"jobData":{"k":1},"totalTries":4,"sentAt":"2026-01-02T11:00:00Z","mine":7}""",
            "worker died", null, (WorkerHeaders.Leg, "old"), (WorkerHeaders.TriesBefore, "1"), (WorkerHeaders.DeliveredBefore, "yes"));
        Broker.AddToJournal(Names.JobLogRecorded, new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Try = 5, State = JobState.Fail, StartedAt = 1 });
        Broker.AddToJournal(Names.JobLogRecorded, new JobLogRecorded { RequestId = "r1", JobId = "other", Try = 9, State = JobState.Fail, StartedAt = 1 });
        _cli.Stored.Tries.Add(("r1", "aaaa", 6));

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --job aaaa --yes"));

        var sent = Assert.Single(Broker.Sent);
        var command = Wire.Deserialize<RunJob>(sent.Body.Span);
        Assert.Equal((Names.RunJobWait, Names.NoWait), (sent.Exchange, sent.RoutingKey));
        Assert.Equal((1, 6, Chains.Noon), (command.PrevTries, command.TotalTries, command.SentAt));
        Assert.Equal(("1", 7), (command.JobData["k"]!.ToString(), command.Unknown!["mine"].GetInt32()));
        Assert.StartsWith("retry-", (string)sent.Properties.Headers![WorkerHeaders.Leg]!, StringComparison.Ordinal);
        Assert.Equal("0", sent.Properties.Headers[WorkerHeaders.TriesBefore]);
        Assert.False(sent.Properties.Headers.ContainsKey(WorkerHeaders.DeliveredBefore));
        Assert.Equal([new DateTimeOffset(2026, 1, 2, 11, 0, 0, TimeSpan.Zero)], Broker.JournalReadSince);
        Assert.Contains("sent back: from try 7, 2 tries\n", Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:30Z", null, null)]
    [InlineData("1970-01-01T00:00:00Z", null, null)]
    [InlineData("9999-12-31T23:59:59Z", null, null)]
    [InlineData("2026-01-02T13:00:00Z", null, null)]
    [InlineData("2026-01-02T11:00:00Z", null, "2026-01-02T11:00:00Z")]
    [InlineData("2026-01-02T13:00:00Z", "2026-01-02T10:00:00Z", "2026-01-02T10:00:00Z")]
    [InlineData("2026-01-02T11:00:00Z", "2026-01-02T10:00:00Z", "2026-01-02T10:00:00Z")]
    public async Task The_journal_is_read_from_when_a_command_was_seen_or_sent_and_whole_where_its_time_says_nothing(string sentAt, string? seenAt, string? from)
    {
        // At noon of 2026-01-02.
        Broker.Add(
            Names.RunJob, $$"""{"requestId":"r1","job":{"id":"aaaa","type":"noop","retry":2},"sentAt":"{{sentAt}}"}""", "broke", null,
            seenAt is null ? [] : [(WorkerHeaders.SeenAt, $"{DateTimeOffset.Parse(seenAt, null).ToUnixTimeMilliseconds()}")]);
        Broker.AddToJournal(Names.JobLogRecorded, new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Try = 1, State = JobState.Fail, StartedAt = 1 });

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Equal([from is null ? null : DateTimeOffset.Parse(from, null)], Broker.JournalReadSince);
        Assert.Equal(1, Wire.Deserialize<RunJob>(Assert.Single(Broker.Sent).Body.Span).TotalTries);
    }

    [Fact]
    public async Task A_command_sent_back_by_a_call_that_was_killed_before_it_removed_it_is_not_sent_twice()
    {
        const string Body = """{"requestId":"r1","job":{"id":"aaaa","type":"noop"},"sentAt":"2026-01-02T11:00:00Z"}""";
        Broker.Add(Names.RunJob, Body);
        await _cli.RunAsync("errors retry --all --yes");
        var sent = Assert.Single(Broker.Sent);
        Broker.Journal.Add(new(sent.Exchange, sent.Properties, sent.Body));
        Broker.Add(Names.RunJob, Body).ToString();
        // The very same message: the fake numbers message ids.
        var again = Broker.Left(Names.RunJob)[0];
        ((RabbitMQ.Client.BasicProperties)again.Properties).MessageId = "m0";

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Single(Broker.Sent);
        Assert.Empty(Broker.Left(Names.RunJob));
        Assert.Contains("dropped: it was sent back before", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_whose_job_runs_or_has_completed_stays_and_of_two_of_one_job_one_is_sent()
    {
        foreach (var job in new[] { "runs", "done", "twin", "twin" })
        {
            Broker.Add(Names.RunJob, $$"""{"requestId":"r1","job":{"id":"{{job}}","type":"noop"},"sentAt":"2026-01-02T11:00:00Z"}""");
        }

        Broker.Statuses.Add(new RunnerStatus { RequestId = "r1", JobId = "runs", Worker = "w7" });
        Broker.AddToJournal(Names.JobFinished, new JobFinished { RequestId = "r1", JobId = "done", FinalState = JobState.Complete, TotalTries = 1 });

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Equal(
            """
            run-job_error  request r1 job runs try 1  kept: its job runs or waits on worker w7
            run-job_error  request r1 job done try 1  kept: its job has ended COMPLETE since
            run-job_error  request r1 job twin try 1  sent back: from try 1, 1 try
            run-job_error  request r1 job twin try 1  kept: another command of its job was sent back just now
            1 sent back, 3 kept.

            """,
            Output);
        Assert.Equal(3, Broker.Left(Names.RunJob).Count);
    }

    [Fact]
    public async Task Discard_removes_what_is_meant_and_nothing_else()
    {
        AddThree();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync(["errors", "discard", "--reason", "not the JSON"]));
        Assert.Contains("1 would be discarded.", Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync(["errors", "discard", "--reason", "not the JSON", "--yes", "--json"]));

        var told = Assert.Single(JsonNode.Parse(Output)!.AsArray())!;
        Assert.Equal(("run-job_error", "discarded", false), ((string)told["queue"]!, (string)told["outcome"]!, (bool)told["dryRun"]!));
        Assert.Equal((1, 1), (Broker.Left(Names.RunJob).Count, Broker.Left(Names.JobLogRecorded).Count));
        Assert.Equal(["removed"], Broker.Steps);
    }

    [Fact]
    public async Task What_the_broker_puts_back_though_it_was_removed_is_removed_again_and_not_sent_again()
    {
        AddThree();
        Broker.RemovalsToForget = 2;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Equal(3, Broker.Sent.Count);
        Assert.Empty(Broker.Left(Names.RunJob));
        Assert.Empty(Broker.Left(Names.JobLogRecorded));
        Assert.Contains("3 sent back.", Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Interrupted_nothing_more_is_begun()
    {
        AddThree();
        _cli.PressCtrlC();

        Assert.Equal(ExitCodes.Interrupted, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Empty(Broker.Steps);
        Assert.Empty(Output);
    }

    [Fact]
    public async Task Without_anything_there_the_exit_code_is_0()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors list"));
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("errors retry --all --yes"));

        Assert.Equal("There is nothing of this kind in the error queues.\nThere is nothing of this kind in the error queues.\n", Output);
    }
}
