using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class WorkersCommandsTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Stop_prints_every_answer()
    {
        _cli.Control = new FakeBrokerControl
        {
            Replies =
            [
                new StopJobReply { RequestId = "r1", JobId = "aaaa", Outcome = "stopped-while-running", FinalState = JobState.Stopped, Worker = "w1" },
                new StopJobReply { RequestId = "r1", JobId = "bbbb", Outcome = "already-finished", FinalState = JobState.Complete, Worker = "w2", Error = "late\nmore" },
            ],
        };

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("stop r1 --timeout 1m30s"));

        Assert.Equal(
            "aaaa stopped-while-running: STOPPED on w1\nbbbb already-finished: COMPLETE on w2, error: late\n",
            _cli.Output.ReplaceLineEndings("\n"));
        var (command, timeout) = Assert.Single(_cli.Control.Stops);
        Assert.Equal(("r1", null, Chains.Noon, TimeSpan.FromSeconds(90)), (command.RequestId, command.JobId, command.SentAt!.Value, timeout));
    }

    [Fact]
    public async Task Stop_with_json_prints_the_messages_and_keeps_its_exit_code()
    {
        _cli.Control = new FakeBrokerControl
        {
            Replies = [new StopJobReply { RequestId = "r1", JobId = "aaaa", Outcome = "stopped-while-running", FinalState = JobState.Stopped, Worker = "w1" }],
            Unanswered = [new RunnerStatus { RequestId = "r1", JobId = "bbbb", Worker = "w1" }],
        };

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("stop r1 --json"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal("stopped-while-running", Assert.Single(document.RootElement.GetProperty("replies").EnumerateArray()).GetProperty("outcome").GetString());
        Assert.Equal("bbbb", Assert.Single(document.RootElement.GetProperty("unanswered").EnumerateArray()).GetProperty("jobId").GetString());
    }

    [Fact]
    public async Task Stop_of_what_nobody_holds_is_no_error()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("stop r1 aaaa"));

        Assert.StartsWith("No worker holds this job now. The stop is recorded", _cli.Output, StringComparison.Ordinal);
        Assert.Equal(("aaaa", TimeSpan.FromSeconds(30)), (_cli.Control.Stops[0].Command.JobId, _cli.Control.Stops[0].Timeout));
    }

    [Fact]
    public async Task Stop_of_a_job_that_goes_on_ends_with_1()
    {
        _cli.Control = new FakeBrokerControl { Unanswered = [new RunnerStatus { JobId = "aaaa", Name = "stubborn", Worker = "w1" }] };

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("stop r1"));

        Assert.StartsWith("stubborn (aaaa) has not stopped after 30.0s on w1", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Drain_waits_until_the_worker_runs_nothing_and_tells_each_change_once()
    {
        var time = new FakeTimeProvider(Chains.Noon);
        _cli.Control = new FakeBrokerControl
        {
            Drains = new([
                new WorkerStatus { Worker = "w1", SlotsInUse = 2 }, new WorkerStatus { Worker = "w1", SlotsInUse = 2, Drain = "draining" },
                new WorkerStatus { Worker = "w1", SlotsInUse = 1, Drain = "draining" }, new WorkerStatus { Worker = "w1", Runners = 3, Drain = "drained" }]),
        };

        var done = _cli.RunAsync("drain w1", time);
        await Eventually.HoldsAsync("it asks again and again", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return done.IsCompleted;
        });

        Assert.Equal(ExitCodes.Success, await done);
        Assert.Equal(
            "w1 drains: 2 tries run\nw1 drains: 1 try runs\nw1 is drained: it runs nothing, and takes no work until it is started again\n",
            _cli.Output.ReplaceLineEndings("\n"));
        Assert.Equal([("w1", $"{Environment.UserName} on {Environment.MachineName}")], _cli.Control.Drained.Distinct());
    }

    [Fact]
    public async Task Drain_of_a_worker_that_is_not_there_names_those_that_are()
    {
        _cli.Control = new FakeBrokerControl { Drains = new([null]), Workers = [new WorkerStatus { Worker = "w2" }, new WorkerStatus { Worker = "w1" }] };

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("drain w"));

        Assert.Equal("jobrunner: there is no worker \"w\" that runs jobs; connected are w1, w2", _cli.Error.Trim());
    }

    [Fact]
    public async Task Drain_of_a_worker_that_ends_meanwhile_says_so()
    {
        var time = new FakeTimeProvider(Chains.Noon);
        _cli.Control = new FakeBrokerControl { Drains = new([new WorkerStatus { Worker = "w1", SlotsInUse = 1 }, null]) };

        var done = _cli.RunAsync("drain w1", time);
        await Eventually.HoldsAsync("it asks again", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return done.IsCompleted;
        });

        Assert.Equal(ExitCodes.Failed, await done);
        Assert.Equal("jobrunner: worker w1 ended before it was drained; what it ran goes on elsewhere", _cli.Error.Trim());
    }

    [Fact]
    public async Task Drain_that_takes_longer_than_its_timeout_ends_with_1_and_says_that_it_goes_on()
    {
        var time = new FakeTimeProvider(Chains.Noon);
        _cli.Control = new FakeBrokerControl { Drains = new([new WorkerStatus { Worker = "w1", SlotsInUse = 1, Drain = "draining" }]) };

        var done = _cli.RunAsync("drain w1 --timeout 500ms --json", time);
        await Eventually.HoldsAsync("it gives up", () =>
        {
            time.Advance(TimeSpan.FromMilliseconds(600));
            return done.IsCompleted;
        });

        Assert.Equal(ExitCodes.Failed, await done);
        Assert.Equal("jobrunner: it is not drained yet, and goes on", _cli.Error.Trim());
        Assert.Equal("draining", (string?)JsonNode.Parse(_cli.Output)!["drain"]);
    }

    [Fact]
    public async Task Ps_lists_runners_and_passes_the_request_on()
    {
        _cli.Control = new FakeBrokerControl { Statuses = [new RunnerStatus { RequestId = "r1", JobId = "aaaa", Name = "busy", Worker = "w1", State = JobState.Running }] };

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("ps r1"));
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("ps"));

        Assert.Contains("REQUEST ID  RUNTIME  TRY  JOB   ID    TYPE  STATE", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("busy", _cli.Output, StringComparison.Ordinal);
        Assert.Equal(["r1", null], _cli.Control.Asked.Select(request => request.RequestId));
    }

    [Fact]
    public async Task Ps_with_json_prints_the_messages_as_an_array()
    {
        _cli.Control = new FakeBrokerControl { Statuses = [new RunnerStatus { RequestId = "r1", JobId = "aaaa", State = JobState.Running }] };

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("ps --json"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal(2, Assert.Single(document.RootElement.EnumerateArray()).GetProperty("state").GetInt32());
    }

    [Fact]
    public async Task Ps_tells_no_runners_from_no_workers()
    {
        await _cli.RunAsync("ps");
        _cli.Control = new FakeBrokerControl { Statuses = null };
        await _cli.RunAsync("ps");

        Assert.Equal(
            "Nothing runs or waits on any worker.\nNo worker is connected to the broker.\n",
            _cli.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Ps_tells_how_busy_the_workers_are()
    {
        _cli.Control = new FakeBrokerControl { Workers = [new WorkerStatus { Worker = "w1", Slots = 16, SlotsInUse = 3 }, new WorkerStatus { Worker = "w2", Slots = 8 }] };

        await _cli.RunAsync("ps");

        Assert.Equal(
            "Nothing runs or waits on any worker.\n2 workers, 3 of 24 slots in use\n",
            _cli.Output.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Ps_watches_until_ctrl_c()
    {
        var looks = 0;
        var time = new FakeTimeProvider(Chains.Noon) { AutoAdvanceAmount = TimeSpan.Zero };
        _cli.Control = new FakeBrokerControl
        {
            OnAsk = () =>
            {
                if (++looks == 3)
                {
                    _cli.PressCtrlC();
                }
            },
        };

        var run = _cli.RunAsync("ps --watch", time);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!run.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
        }

        Assert.Equal((ExitCodes.Interrupted, 3), (await run, looks));
    }

    [Fact]
    public async Task Ps_watched_as_json_is_one_snapshot_a_line()
    {
        var looks = 0;
        var time = new FakeTimeProvider(Chains.Noon) { AutoAdvanceAmount = TimeSpan.Zero };
        _cli.Control = new FakeBrokerControl
        {
            Statuses = [new RunnerStatus { RequestId = "r1", JobId = "aaaa", State = JobState.Running, Status = "two\nlines" }],
            Workers = [new WorkerStatus { Worker = "w1", Slots = 16, SlotsInUse = 1 }],
        };
        _cli.Control.OnAsk = () =>
        {
            if (++looks == 2)
            {
                _cli.Control.Statuses = null;
                _cli.PressCtrlC();
            }
        };

        var run = _cli.RunAsync("ps --watch --json", time);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!run.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(2));
            await Task.Yield();
        }

        Assert.Equal(ExitCodes.Interrupted, await run);
        var lines = _cli.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using var first = JsonDocument.Parse(lines[0]);
        Assert.InRange(first.RootElement.GetProperty("at").GetDateTimeOffset(), Chains.Noon, Chains.Noon.AddMinutes(1));
        Assert.Equal("two\nlines", Assert.Single(first.RootElement.GetProperty("runners").EnumerateArray()).GetProperty("status").GetString());
        Assert.Equal(1, Assert.Single(first.RootElement.GetProperty("workers").EnumerateArray()).GetProperty("slotsInUse").GetInt32());
        using var last = JsonDocument.Parse(lines[1]);
        Assert.Equal(JsonValueKind.Null, last.RootElement.GetProperty("workers").ValueKind);
        Assert.Empty(last.RootElement.GetProperty("runners").EnumerateArray());
    }

    [Fact]
    public async Task Logs_are_shown_as_a_table_in_full_or_as_json()
    {
        _cli.Logs =
        [
            new JobLogRecorded { RequestId = "r1", JobId = "bbbb", Name = "two", Type = "t", Try = 1, State = JobState.Complete, StartedAt = 1_767_355_260_000_000_000, FinishedAt = 1_767_355_261_000_000_000 },
            new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Name = "one", Type = "t", Try = 1, State = JobState.Fail, Exit = 3, Error = "broke", Stdout = "line 1\nline 2\u001b[2J\n", StartedAt = 1_767_355_200_000_000_000, FinishedAt = 1_767_355_200_500_000_000 },
        ];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("logs r1"));
        Assert.Equal(
            """
            JOB  ID    TYPE  TRY  STATE     EXIT  STARTED              TOOK   STDOUT    STDERR  ERROR
            one  aaaa  t     1    FAIL      3     2026-01-02 12:00:00  0.50s  18 chars  -       broke
            two  bbbb  t     1    COMPLETE  0     2026-01-02 12:01:00  1.00s  -         -

            """,
            _cli.TakeOutput(),
            ignoreLineEndingDifferences: true);

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("logs r1 aaaa --full"));
        Assert.Equal(
            """
            === one (aaaa) try 1 FAIL exit 3, started 2026-01-02 12:00:00, took 0.50s
            --- error
            broke
            --- stdout
            line 1
            line 2 [2J

            """,
            _cli.TakeOutput(),
            ignoreLineEndingDifferences: true);

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("logs r1 bbbb --json"));
        using var document = JsonDocument.Parse(_cli.TakeOutput());
        Assert.Equal("bbbb", Assert.Single(document.RootElement.EnumerateArray()).GetProperty("jobId").GetString());
    }

    [Fact]
    public async Task Logs_of_other_machines_come_from_the_brokers_journal_and_it_says_so()
    {
        var log = new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Type = "t", Try = 1, State = JobState.Fail, StartedAt = 1_767_355_200_000_000_000 };
        _cli.Logs = [log];
        _cli.Repair.AddToJournal(Names.JobLogRecorded, log);
        _cli.Repair.AddToJournal(Names.JobLogRecorded, log with { Try = 2 });
        _cli.Repair.AddToJournal(Names.JobLogRecorded, log with { Try = 2 });
        _cli.Repair.AddToJournal(Names.JobLogRecorded, log with { RequestId = "r11", Try = 3 });
        _cli.Repair.AddToJournal(Names.JobFinished, new JobFinished { RequestId = "r1", JobId = "aaaa" });

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("logs r1 --json"));

        using var document = JsonDocument.Parse(_cli.TakeOutput());
        Assert.Equal([1, 2], document.RootElement.EnumerateArray().Select(one => one.GetProperty("try").GetInt32()));
        Assert.Equal(
            "jobrunner: 1 of 2 logs are from the broker's journal: it has those of all machines, for as long as it is kept (JournalRetention)",
            _cli.Error.Trim());
    }

    [Fact]
    public async Task In_an_alarm_of_the_broker_logs_shows_what_is_stored_here_and_says_why_there_is_no_more()
    {
        _cli.Logs = [new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Type = "t", Try = 1, State = JobState.Fail }];
        _cli.Alarm = () => "low on memory";

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("logs r1"));
        Assert.Contains("aaaa", _cli.TakeOutput());
        Assert.Contains("could not be read: the broker has an alarm (low on memory)", _cli.Error);
        Assert.Empty(_cli.Repair.JournalReadSince);

        _cli.Logs = [];
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("logs r1"));
        Assert.DoesNotContain("nor in the broker's journal", _cli.Error);
    }

    [Theory]
    [InlineData(true, true, "logs r1", false)]
    [InlineData(false, false, "logs r1", false)]
    [InlineData(true, true, "logs r1 --broker amqp://other/", true)]
    public async Task The_journal_is_asked_where_no_Request_Manager_is_set_or_its_broker_is_named(bool requestManager, bool variable, string line, bool asked)
    {
        _cli.HasRequestManager = requestManager;
        _cli.Variable = variable ? _cli.Variable : null;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync(line));

        Assert.Equal(asked ? 1 : 0, _cli.Repair.JournalReadSince.Count);
        Assert.Equal(asked, _cli.Error.Contains("neither here nor in the broker's journal", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_logs_the_exit_code_says_so()
    {
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("logs r1 aaaa"));
        Assert.Contains("no logs of request \"r1\" and job \"aaaa\"", _cli.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("logs r1 --json"));
        Assert.Equal("[]", _cli.TakeOutput().Trim());
    }

    [Theory]
    [InlineData("", "aaaa 1, bbbb 1, aaaa 2, cccc 1")]
    [InlineData("aaaa", "aaaa 1, aaaa 2")]
    [InlineData("--state fail", "aaaa 1, bbbb 1")]
    [InlineData("--state FAIL STOPPED", "aaaa 1, bbbb 1, cccc 1")]
    [InlineData("--state fail --state stopped --type t", "aaaa 1, cccc 1")]
    [InlineData("--type u", "bbbb 1")]
    [InlineData("--last", "bbbb 1, aaaa 2, cccc 1")]
    [InlineData("--last --state FAIL", "bbbb 1")]
    public async Task Logs_are_filtered(string options, string expected)
    {
        _cli.Logs = SomeLogs();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"logs r1 {options} --json"));

        Assert.Equal(expected, string.Join(", ", Wire.Deserialize<IReadOnlyList<JobLogRecorded>>(System.Text.Encoding.UTF8.GetBytes(_cli.Output))
            .Select(log => $"{log.JobId} {log.Try}")));
    }

    [Fact]
    public async Task Filters_that_leave_nothing_are_told_and_a_state_that_is_none_is_refused()
    {
        _cli.Logs = SomeLogs();

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("logs r1 --type nope"));
        Assert.Contains("that fit the filters", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("logs r1 --state BROKEN"));
        Assert.Contains("must be one of UNKNOWN, PENDING, RUNNING, COMPLETE, FAIL", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("logs r1 --last --follow"));
    }

    [Theory]
    [InlineData("", "2026-01-02 12:00:00 one (aaaa) try 1 FAIL exit 1 0.50s")]
    [InlineData("--json", "\"jobId\":\"aaaa\",\"try\":1")]
    public async Task Logs_are_followed_each_once_until_ctrl_c(string options, string first)
    {
        var time = new FakeTimeProvider(Chains.Noon);
        var all = SomeLogs();
        var looks = 0;
        _cli.OnReadLogs = () =>
        {
            looks++;
            _cli.Logs = all[..Math.Min(looks, all.Count)];
            if (looks == all.Count + 2)
            {
                _cli.PressCtrlC();
            }
        };

        var run = _cli.RunAsync($"logs r1 --follow {options}", time);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!run.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(ExitCodes.Interrupted, await run);
        var lines = _cli.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(all.Count, lines.Length);
        Assert.Contains(first, lines[0], StringComparison.Ordinal);
    }

    private static List<JobLogRecorded> SomeLogs() =>
    [
        Log("aaaa", "one", "t", 1, JobState.Fail, 0),
        Log("bbbb", "two", "u", 1, JobState.Fail, 1),
        Log("aaaa", "one", "t", 2, JobState.Complete, 2),
        Log("cccc", "three", "t", 1, JobState.Stopped, 3),
    ];

    private static JobLogRecorded Log(string id, string name, string type, long number, JobState state, long seconds) => new()
    {
        RequestId = "r1",
        JobId = id,
        Name = name,
        Type = type,
        Try = number,
        State = state,
        Exit = state == JobState.Fail ? 1 : 0,
        StartedAt = Logs.Start + (seconds * 1_000_000_000),
        FinishedAt = Logs.Start + (seconds * 1_000_000_000) + 500_000_000,
    };

    [Fact]
    public async Task Worker_gets_the_broker_and_every_setting()
    {
        Assert.Equal(42, await _cli.RunAsync("worker --broker amqp://b --JobRunner:Worker:Slots 4 --Logging:LogLevel:Default=Debug"));

        Assert.Equal("amqp://b", _cli.Worker!.BrokerUri);
        Assert.Equal(["--JobRunner:Worker:Slots", "4", "--Logging:LogLevel:Default=Debug"], _cli.Worker.Settings);
    }
}
