using System.Diagnostics;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Commands end when they should: by signals, with their reader, and not by waiting for a broker that takes nothing.</summary>
public sealed class EndingTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly CliHarness _cli = new();
    private readonly FakeTimeProvider _time = new(Chains.Noon) { AutoAdvanceAmount = TimeSpan.Zero };

    public void Dispose() => _cli.Dispose();

    public static TheoryData<string> Commands => ["submit - --wait", "submit -", "ps", "ps --watch", "stop r1"];

    private async Task<int> EndAsync(Task<int> run, TimeSpan step)
    {
        using var deadline = new CancellationTokenSource(Patience);
        while (!run.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            _time.Advance(step);
            await Task.Yield();
        }

        return await run;
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task In_an_alarm_a_command_says_so_once_waits_a_while_and_sends_nothing(string command)
    {
        var start = _time.GetUtcNow();
        _cli.Alarm = () => "low on memory";

        var exit = await EndAsync(_cli.RunAsync(command, _time), TimeSpan.FromSeconds(1));

        Assert.Equal(ExitCodes.Failed, exit);
        Assert.Equal(2, _cli.Error.Split("the broker has an alarm (low on memory) and takes no messages").Length - 1);
        Assert.InRange(_time.GetUtcNow() - start, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(60));
        Assert.Empty(_cli.Control.Asked);
        Assert.Empty(_cli.Control.Stops);
        Assert.Empty(_cli.Addresses);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task In_an_alarm_a_signal_ends_a_command_at_once(string command)
    {
        _cli.Alarm = () => "low on disk";
        var run = _cli.RunAsync(command, _time);

        _cli.Terminate();

        Assert.Equal(143, await run.WaitAsync(Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_alarm_that_ends_is_waited_out()
    {
        var looks = 0;
        _cli.Alarm = () => ++looks < 4 ? "low on memory" : null;

        Assert.Equal(ExitCodes.Success, await EndAsync(_cli.RunAsync("stop r1", _time), TimeSpan.FromSeconds(1)));

        Assert.Equal(4, looks);
        Assert.Single(_cli.Control.Stops);
    }

    [Theory]
    [InlineData("ps --watch")]
    [InlineData("ps --watch --json")]
    [InlineData("logs r1 --follow")]
    public async Task A_command_that_goes_on_ends_when_nobody_reads_it_any_more(string command)
    {
        using var gone = new CancellationTokenSource();
        _cli.ReaderGone = gone.Token;
        var run = _cli.RunAsync(command, _time);
        Assert.False(run.IsCompleted);

        await gone.CancelAsync();

        Assert.Equal(ExitCodes.OutputClosed, await run.WaitAsync(Patience, TestContext.Current.CancellationToken));
        Assert.Empty(_cli.Error);
    }

    [Theory]
    [InlineData("logs nobody --follow", "true")]
    [InlineData("logs nobody --follow", "head -0")]
    [InlineData("logs nobody --follow", "grep -m1 x /dev/null")]
    [InlineData("--help", "true")]
    public async Task The_program_in_a_pipe_ends_with_its_reader(string command, string reader)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "jobrunner.dll");
        var start = new ProcessStartInfo("bash", ["-c", $"dotnet {program} {command} | {reader}; echo ${{PIPESTATUS[0]}}"]) { RedirectStandardOutput = true };
        start.Environment["JobRunner__JobLogStore__Path"] = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.db");
        using var shell = Process.Start(start)!;

        var exit = (await shell.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Patience, TestContext.Current.CancellationToken)).Trim();

        Assert.Contains(exit, new[] { "0", "141" });
    }

    [Fact]
    public async Task A_watch_says_that_the_broker_is_gone_and_goes_on_when_it_is_back()
    {
        var looks = 0;
        _cli.Control = new FakeBrokerControl { Statuses = [new RunnerStatus { RequestId = "r1", JobId = "aaaa", Name = "busy" }] };
        _cli.Control.OnAsk = () =>
        {
            switch (++looks)
            {
                case 2:
                    throw new SchedulerBusException("the connection to the broker was lost");
                case 4:
                    _cli.PressCtrlC();
                    break;
            }
        };

        Assert.Equal(ExitCodes.Interrupted, await EndAsync(_cli.RunAsync("ps --watch", _time), TimeSpan.FromSeconds(2)));

        Assert.Equal("jobrunner: the connection to the broker was lost; looking again every 2s\n", _cli.Error.ReplaceLineEndings("\n"));
        Assert.Equal(3, _cli.Output.Split("busy").Length - 1);
    }

    [Fact]
    public async Task Ps_names_who_waits_and_what_lies_in_the_error_queues_and_takes_a_job()
    {
        _cli.Control = new FakeBrokerControl
        {
            Statuses = [new RunnerStatus { RequestId = "r1", JobId = "aaaa", State = JobState.Running, Sleeping = true }],
            Workers = [new WorkerStatus { Slots = 4 }],
        };
        _cli.Counts["run-job_error"] = 3;
        _cli.Counts["job-log-recorded_error"] = 1;
        _cli.Counts["run-job"] = 5;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("ps r1 aaaa"));

        Assert.Equal(("r1", "aaaa"), (_cli.Control.Asked[0].RequestId, _cli.Control.Asked[0].JobId));
        Assert.Contains("WAITING", _cli.Output, StringComparison.Ordinal);
        Assert.Contains(
            "1 run waits for the next try; 5 commands wait in run-job; 3 commands in run-job_error, see: jobrunner errors list; "
            + "1 job logs in job-log-recorded_error, see: jobrunner errors list",
            _cli.Output,
            StringComparison.Ordinal);
    }
}
