using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Spectre.Console;
using Spectre.Console.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class RenderingTests
{
    private static readonly RequestResult Sample = new(
        "cq2f6v8k3m1p0a4b5c6d",
        JobState.Fail,
        [
            Outcome("arch", "archive", JobState.Complete, [Logs.Of("arch", 1, JobState.Complete, 120)]),
            Outcome("flky", "flaky", JobState.Complete, [Logs.Of("flky", 1, JobState.Fail, 10, 75, "not yet\nsecond line"), Logs.Of("flky", 2, JobState.Complete, 9_990)]),
            Outcome("evil", "[red]x[/] \u001b[31m", JobState.Fail, [Logs.Of("evil", 1, JobState.Fail, 61_000, 1, "[/] " + new string('e', 200))]),
            Outcome("bad", "refused", JobState.Fail, [], "unknown type"),
            Outcome("last", "tidy", JobState.Pending, []),
        ]);

    [Fact]
    public void A_pipe_gets_a_bare_table()
    {
        var output = new StringWriter();

        ResultTable.Write(new Screen(null, output, TextWriter.Null), Sample, TimeSpan.FromSeconds(12.34));

        Assert.Equal(
            $"""
            JOB              ID    TYPE           TRIES                                                                                                  FINAL STATE
            archive          arch  shell-command  1 COMPLETE 0.12s                                                                                       COMPLETE
            flaky            flky  shell-command  1 FAIL exit 75 0.01s: not yet                                                                          COMPLETE
                                                  2 COMPLETE 9.99s
            [red]x[/]  [31m  evil  shell-command  1 FAIL exit 1 1m01s: [/] {new string('e', 75)}…  FAIL
            refused          bad   shell-command  none: unknown type                                                                                     FAIL
            tidy             last  shell-command  none                                                                                                   PENDING (not run)
            Request cq2f6v8k3m1p0a4b5c6d FAIL: 2 of 5 jobs COMPLETE in 12.3s

            """,
            output.ToString(),
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void A_terminal_gets_a_ruled_table()
    {
        using var terminal = new TestConsole().Width(100);

        ResultTable.Write(new Screen(terminal, TextWriter.Null, TextWriter.Null), Sample with { Jobs = [.. Sample.Jobs.Take(2)] }, TimeSpan.FromSeconds(1));

        Assert.Equal(
            """
            ╭─────────┬──────┬───────────────┬───────────────────────────────┬─────────────╮
            │ JOB     │ ID   │ TYPE          │ TRIES                         │ FINAL STATE │
            ├─────────┼──────┼───────────────┼───────────────────────────────┼─────────────┤
            │ archive │ arch │ shell-command │ 1 COMPLETE 0.12s              │ COMPLETE    │
            │ flaky   │ flky │ shell-command │ 1 FAIL exit 75 0.01s: not yet │ COMPLETE    │
            │         │      │               │ 2 COMPLETE 9.99s              │             │
            ╰─────────┴──────┴───────────────┴───────────────────────────────┴─────────────╯
            Request cq2f6v8k3m1p0a4b5c6d FAIL: 2 of 2 jobs COMPLETE in 1.00s

            """,
            terminal.Output,
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    public void No_terminal_is_too_narrow_for_five_hundred_jobs(int width)
    {
        using var terminal = new TestConsole().Width(width);
        var jobs = Enumerable.Range(0, 500).Select(i => Sample.Jobs[i % Sample.Jobs.Count]);

        ResultTable.Write(new Screen(terminal, TextWriter.Null, TextWriter.Null), Sample with { Jobs = [.. jobs] }, TimeSpan.Zero);

        Assert.All(terminal.Lines, line => Assert.True(line.Length <= width));
    }

    [Fact]
    public void A_narrow_terminal_gets_a_list()
    {
        using var terminal = new TestConsole().Width(50);

        ResultTable.Write(new Screen(terminal, TextWriter.Null, TextWriter.Null), Sample with { Jobs = [.. Sample.Jobs.Skip(1).Take(1), Sample.Jobs[4]] }, TimeSpan.Zero);

        Assert.Equal(
            """
            flaky (flky) COMPLETE
              1 FAIL exit 75 0.01s: not yet
              2 COMPLETE 9.99s
            tidy (last) PENDING (not run)
              none
            Request cq2f6v8k3m1p0a4b5c6d FAIL: 1 of 2 jobs
            COMPLETE in 0.00s

            """,
            string.Join('\n', terminal.Output.Split('\n').Select(line => line.TrimEnd())),
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_json_document_holds_all()
    {
        var sample = Sample with { Jobs = [Sample.Jobs[1] with { JobData = new() { ["é"] = 1 } }, Sample.Jobs[3]] };

        Assert.Equal(
            """
            {
              "requestId": "cq2f6v8k3m1p0a4b5c6d",
              "state": "FAIL",
              "jobs": [
                {
                  "id": "flky",
                  "name": "flaky",
                  "type": "shell-command",
                  "finalState": "COMPLETE",
                  "tries": [
                    {
                      "try": 1,
                      "state": "FAIL",
                      "exit": 75,
                      "error": "not yet\nsecond line",
                      "startedAt": 1767355200000000000,
                      "finishedAt": 1767355200010000000
                    },
                    {
                      "try": 2,
                      "state": "COMPLETE",
                      "exit": 0,
                      "error": "",
                      "startedAt": 1767355200000000000,
                      "finishedAt": 1767355209990000000
                    }
                  ],
                  "jobData": {
                    "é": 1
                  }
                },
                {
                  "id": "bad",
                  "name": "refused",
                  "type": "shell-command",
                  "finalState": "FAIL",
                  "tries": [],
                  "error": "unknown type"
                }
              ]
            }
            """,
            ResultJson.Write([sample]),
            ignoreLineEndingDifferences: true);
        Assert.StartsWith("[\n  {", ResultJson.Write([sample, sample]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_status_table_is_sorted_by_age()
    {
        var output = new StringWriter();
        var screen = new Screen(null, output, TextWriter.Null);
        var statuses = StatusTable.Sort(
        [
            new RunnerStatus { RequestId = "r2", JobId = "b", Name = "young", Type = "sleep", Try = 2, State = JobState.Running, StartedAt = Logs.Start + 5_000_000_000, Status = "(retry sleep) x", Worker = "host-1", Sleeping = true },
            new RunnerStatus { RequestId = "r1", JobId = "a", Name = "old", Type = "noop", Try = 1, State = JobState.Pending, Worker = "host-2" },
        ]);

        StatusTable.Write(screen, statuses, Say.Instant(Logs.Start + 65_000_000_000));

        Assert.Equal(
            """
            REQUEST ID  RUNTIME  TRY  JOB    ID  TYPE   STATE    STATUS           WORKER
            r1          -        1    old    a   noop   PENDING                   host-2
            r2          1m00s    2    young  b   sleep  WAITING  (retry sleep) x  host-1

            """,
            output.ToString(),
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(30)]
    [InlineData(50)]
    public void A_narrow_terminal_shows_what_runs_and_the_logs_in_lines_that_can_be_read(int width)
    {
        using var terminal = new TestConsole().Width(width);
        var screen = new Screen(terminal, TextWriter.Null, TextWriter.Null);

        StatusTable.Write(screen, [new RunnerStatus { RequestId = "cq2f6v8k3m1p0a4b5c6d", JobId = "abcd", Name = "copy", State = JobState.Running, Try = 2 }], Chains.Noon);
        LogListing.Write(screen, [Sample.Jobs[1].Tries[0]], TimeZoneInfo.Utc);

        var told = string.Join(' ', terminal.Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).Replace("cq2f6v8k3m1p0a4b5c 6d", "cq2f6v8k3m1p0a4b5c6d", StringComparison.Ordinal);
        Assert.Contains("copy (abcd) RUNNING try 2", told, StringComparison.Ordinal);
        Assert.Contains("cq2f6v8k3m1p0a4b5c6d", told, StringComparison.Ordinal);
        Assert.Contains("FAIL exit 75 0.01s: not yet", told, StringComparison.Ordinal);
        Assert.DoesNotContain("…", told, StringComparison.Ordinal);
        Assert.All(terminal.Lines, line => Assert.True(line.Length <= width));
    }

    [Theory]
    [InlineData(-1, "0.00s")]
    [InlineData(0, "0.00s")]
    [InlineData(0.004, "0.00s")]
    [InlineData(9.994, "9.99s")]
    [InlineData(9.996, "10.0s")]
    [InlineData(59.94, "59.9s")]
    [InlineData(59.96, "1m00s")]
    [InlineData(3599, "59m59s")]
    [InlineData(3600, "1h00m")]
    [InlineData(360_000, "100h00m")]
    public void Lengths_are_told_shortly(double seconds, string expected) =>
        Assert.Equal(expected, Say.Length(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Text_that_moves_the_cursor_or_turns_the_line_is_made_harmless()
    {
        Assert.Equal("a b  c", Say.OneLine("a\nb\u001b\u202ec"));
        Assert.Equal("a\nb\tc ", Say.Lines("a\nb\tc\r"));
    }

    private static JobOutcome Outcome(string id, string name, JobState state, IReadOnlyList<JobLogRecorded> tries, string? error = null) =>
        new(new Job { Id = id, Name = name, Type = "shell-command" }, state, tries, [], error);
}
