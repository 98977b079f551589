using System.Text.Json;
using JobRunner.Bus.Cli.Commands;
using Spectre.Console.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class RunAndSubmitTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Run_shows_each_try_and_a_table()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("run --slots 3 -"));

        Assert.Equal((3, "r1"), (_cli.Embedded!.Slots, Assert.Single(_cli.Embedded.RequestIds)));
        Assert.True(_cli.Bus.Disposed);
        Assert.Contains("12:00:00 only (aaaa) try 5 COMPLETE 0.12s", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("Request r1 COMPLETE: 1 of 1 job COMPLETE", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_on_a_terminal_draws_and_ends_with_the_table()
    {
        _cli.Terminal = new TestConsole().Width(100).Height(30).Interactive();

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("run -"));

        Assert.Contains("│ only │ aaaa │ noop │ 5 COMPLETE 0.12s │ COMPLETE", _cli.Terminal.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_with_json_prints_one_document_and_nothing_else()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("run --json -"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal("COMPLETE", document.RootElement.GetProperty("state").GetString());
        Assert.Empty(_cli.Error);
    }

    [Theory]
    [InlineData("run -")]
    [InlineData("run --json -")]
    [InlineData("submit --wait -")]
    public async Task A_job_that_is_not_complete_ends_with_1(string line)
    {
        _cli.Bus = new FakeSchedulerBus(_ => RunEnd.Fail);

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync(line));
    }

    [Theory]
    [InlineData("run -")]
    [InlineData("run --json -")]
    [InlineData("submit --wait -")]
    public async Task Ctrl_c_stops_the_request_and_ends_with_130(string line)
    {
        _cli.Bus = new FakeSchedulerBus(_ => null) { OnStuck = _ => _cli.PressCtrlC() };

        Assert.Equal(ExitCodes.Interrupted, await _cli.RunAsync(line));

        Assert.Equal("r1", Assert.Single(_cli.Bus.Stops).RequestId);
        Assert.Contains("STOPPED", _cli.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run - --dashboard", 8090, "Request r1 COMPLETE")]
    [InlineData("run - --json --dashboard --port 9000", 9000, "{")]
    public async Task Run_with_a_dashboard_tells_where_it_is_before_it_begins_and_keeps_it_after_the_end_until_Ctrl_c(string line, int port, string shown)
    {
        var stays = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isShown = false;
        _cli.OnError = told =>
        {
            if (told == "jobrunner: the dashboard stays at http://page until Ctrl-C")
            {
                isShown = _cli.Output.Contains(shown, StringComparison.Ordinal);
                stays.TrySetResult();
            }
        };
        var run = _cli.RunAsync(line);
        await stays.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.True(isShown);
        Assert.False(run.IsCompleted || _cli.Bus.Disposed);
        Assert.Equal((port, 0), (_cli.Bus.Served!.Value.Port, _cli.Bus.Served.Value.Sent));
        Assert.Equal("r1", Assert.Single(_cli.Bus.Served.Value.RequestIds));
        Assert.StartsWith("jobrunner: the dashboard of this run is at http://page/requests/r1", _cli.Error, StringComparison.Ordinal);

        _cli.PressCtrlC();
        Assert.Equal(ExitCodes.Success, await run);
        Assert.True(_cli.Bus.Disposed);
    }

    [Fact]
    public async Task Run_with_a_dashboard_ends_at_once_where_Ctrl_c_stopped_the_jobs()
    {
        _cli.Bus = new FakeSchedulerBus(_ => null) { OnStuck = _ => _cli.PressCtrlC() };

        Assert.Equal(ExitCodes.Interrupted, await _cli.RunAsync("run - --dashboard"));

        Assert.DoesNotContain("stays", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_serves_no_dashboard_unless_it_is_told_to()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("run -"));

        Assert.Null(_cli.Bus.Served);
        Assert.Empty(_cli.Error);
    }

    [Fact]
    public async Task A_wrong_file_ends_with_2_before_anything_starts()
    {
        _cli.Input = "nope";

        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("run -"));

        Assert.Null(_cli.Embedded);
        Assert.StartsWith("jobrunner: standard input: not JSON (line 1, byte 2)", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_with_wait_goes_on_with_the_try_numbers_of_a_request_run_before()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit --wait --json -"));

        Assert.Equal(4, Assert.Single(_cli.Bus.Sent).TotalTries);
    }

    [Fact]
    public async Task Submit_with_wait_says_when_earlier_tries_cannot_be_looked_up_and_goes_on()
    {
        _cli.HighestTriesError = new CommandException("the Request Manager is away");

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit --wait --json -"));

        Assert.Equal(0, Assert.Single(_cli.Bus.Sent).TotalTries);
        Assert.Contains("earlier tries of request r1 are not known", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("the Request Manager is away", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tries_of_the_local_store_are_counted_on()
    {
        await _cli.RunAsync("run -");

        Assert.Equal(4, Assert.Single(_cli.Bus.Sent).TotalTries);
    }

    [Fact]
    public async Task A_lost_bus_shows_what_is_known_and_ends_with_1()
    {
        _cli.Bus = new FakeSchedulerBus(_ => null) { OnStuck = bus => bus.Lose(new IOException("cable cut")) };

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("submit --wait --json -"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal("RUNNING", document.RootElement.GetProperty("state").GetString());
        Assert.Contains("the bus is lost: cable cut", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_sends_one_job_and_prints_its_request()
    {
        _cli.Bus = new FakeSchedulerBus(_ => null);

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit -"));

        Assert.Equal("r1\n", _cli.Output.ReplaceLineEndings("\n"));
        Assert.Equal(("aaaa", Chains.Noon), (Assert.Single(_cli.Bus.Sent).Job.Id, _cli.Bus.Sent[0].SentAt!.Value));
        Assert.Equal(["rabbit:5673, virtual host \"jobs\""], _cli.Addresses);
    }

    [Fact]
    public async Task Submit_with_json_prints_the_request_as_it_stands()
    {
        _cli.Bus = new FakeSchedulerBus(_ => null);

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit --json -"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal("RUNNING", document.RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task Submit_hands_a_chain_over_and_says_so()
    {
        _cli.Input = CliHarness.TwoJobs;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit -"));

        var chain = Assert.Single(_cli.Control.HandedOver);
        Assert.Equal(("r2", 2), (chain.RequestId, chain.Jobs.Count));
        Assert.Equal("r2\n", _cli.Output.ReplaceLineEndings("\n"));
        Assert.Contains("chain r2 of 2 jobs is handed over, and needs this process no more; see: jobrunner chains show r2", _cli.Error, StringComparison.Ordinal);
        Assert.Empty(_cli.Bus.Sent);
    }

    [Fact]
    public async Task Submit_with_wait_schedules_a_chain_itself()
    {
        _cli.Input = CliHarness.TwoJobs;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("submit --wait -"));

        Assert.Equal(2, _cli.Bus.Sent.Count);
        Assert.Empty(_cli.Control.HandedOver);
    }
}
