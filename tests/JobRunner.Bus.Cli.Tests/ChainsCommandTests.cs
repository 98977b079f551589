using System.Text.Json;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ChainsCommandTests : IDisposable
{
    private static readonly ChainStatus Running = new()
    {
        RequestId = "r2",
        State = JobState.Running,
        AddedAt = Chains.Noon.AddMinutes(-3),
        FinishedJobs = 1,
        TotalJobs = 5,
        Jobs =
        [
            new ChainJobStatus { Id = "aaaa", Name = "first", Type = "noop", State = JobState.Complete, Tries = 2 },
            new ChainJobStatus { Id = "bbbb", Name = "left", Type = "noop", State = JobState.Running, After = ["aaaa"] },
            new ChainJobStatus { Id = "cccc", Name = "right", Type = "noop", State = JobState.Running, After = ["aaaa"], DueAt = Chains.Noon.AddSeconds(90), SequenceTries = 2 },
            new ChainJobStatus { Id = "dddd", Name = "bad", Type = "gone", State = JobState.Fail, After = ["aaaa"], Error = "problem creating job runner: no such type" },
            new ChainJobStatus { Id = "eeee", Name = "last", Type = "noop", State = JobState.Pending, After = ["bbbb", "cccc", "dddd"], WaitsFor = ["bbbb", "cccc", "dddd"] },
        ],
    };

    private static readonly ChainStatus Ended = new()
    {
        RequestId = "r1",
        State = JobState.Fail,
        AddedAt = Chains.Noon.AddHours(-2),
        EndedAt = Chains.Noon.AddHours(-1),
        FinishedJobs = 6,
        TotalJobs = 7,
    };

    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Chains_of_several_workers_are_listed_once_those_that_run_first()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Ended, Running] }, new ChainsReport { Worker = "w2", Chains = [Running, Ended] }];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("chains --limit 7"));

        var lines = _cli.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))).ToArray();
        Assert.Equal(["REQUEST ID STATE COMPLETE TIME BEGAN", "r2 RUNNING 1/5 3m00s 2026-01-02 11:57:00Z", "r1 FAIL 6/7 1h00m 2026-01-02 10:00:00Z"], lines);
        Assert.Equal(7, Assert.Single(_cli.Control.AskedForChains).Limit);
    }

    [Fact]
    public async Task Chains_with_json_prints_the_messages()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Running, Ended] }];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("chains --json"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal(["r2", "r1"], document.RootElement.EnumerateArray().Select(chain => chain.GetProperty("requestId").GetString()));
    }

    [Fact]
    public async Task Show_tells_of_every_job_how_it_stands_and_what_it_waits_for()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Running] }];
        _cli.Control.Statuses = [new RunnerStatus { RequestId = "r2", JobId = "bbbb", State = JobState.Running, Try = 3, Status = "halfway", Worker = "w9" }];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("chains show r2"));

        var lines = _cli.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => string.Join(' ', line.TrimEnd().Split("  ", StringSplitOptions.RemoveEmptyEntries).Select(part => part.Trim()))).ToArray();
        Assert.Equal("Chain r2: RUNNING, 1 of 5 jobs COMPLETE, 3m00s", lines[0]);
        Assert.Equal("first aaaa noop COMPLETE 2", lines[2]);
        Assert.Equal("left bbbb noop RUNNING 0 aaaa try 3 on w9: halfway", lines[3]);
        Assert.Equal("right cccc noop RUNNING 0 aaaa waits 1m30s for try 2 of its sequence", lines[4]);
        Assert.Equal("bad dddd gone FAIL 0 aaaa problem creating job runner: no such type", lines[5]);
        Assert.Equal("last eeee noop PENDING 0 bbbb, cccc, dddd waits for bbbb, cccc, dddd", lines[6]);
        Assert.StartsWith("    last", _cli.Output.Split('\n')[6], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Show_with_json_prints_the_message()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Running] }];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("chains show r2 --json"));

        using var document = JsonDocument.Parse(_cli.Output);
        Assert.Equal(5, document.RootElement.GetProperty("jobs").GetArrayLength());
    }

    [Fact]
    public async Task A_chain_that_is_not_known_and_a_broker_without_chains_are_errors()
    {
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("chains"));
        Assert.Contains("no worker of role Chain is connected", _cli.Error, StringComparison.Ordinal);

        _cli.Control.Chains = [new ChainsReport { Worker = "w1" }];
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("chains show r9"));
        Assert.Contains("no chain of request r9 is known", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("chains"));
        Assert.Contains("No chain is known.", _cli.Output, StringComparison.Ordinal);

        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Error = "its store, SQLite file x, cannot be asked: gone" }];
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("chains"));
        Assert.Contains("w1: its store, SQLite file x, cannot be asked: gone", _cli.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("chains --limit 0"));
    }

    [Fact]
    public async Task A_watch_looks_again_until_it_is_ended()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Running] }];
        _cli.Control.OnAsk = _cli.PressCtrlC;

        Assert.Equal(ExitCodes.Interrupted, await _cli.RunAsync("chains --watch"));

        Assert.Contains("r2", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_of_a_request_stops_its_chain_before_its_jobs_and_tells_how_it_stands()
    {
        _cli.Control.Chains = [new ChainsReport { Worker = "w1", Chains = [Running] }];

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("stop r2"));
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("stop r2 aaaa"));

        Assert.Equal(["r2"], _cli.Control.StoppedChains);
        Assert.Equal(2, _cli.Control.Stops.Count);
        Assert.StartsWith("Chain r2 is being stopped: 1 of 5 jobs COMPLETE", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_that_may_not_stop_chains_still_stops_jobs_and_is_told()
    {
        _cli.Control = new FakeBrokerControl { StopChainError = new SchedulerBusException("the broker does not let user \"me\" do this") };

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("stop r2"));

        Assert.Single(_cli.Control.Stops);
        Assert.Empty(_cli.Control.AskedForChains);
        Assert.Contains("the chain of request r2 could not be stopped, only its jobs: the broker does not let user", _cli.Error, StringComparison.Ordinal);
    }
}
