using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Tests;

public sealed class StatusCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public StatusCommandTests() => _cli.Control = new FakeBrokerControl
    {
        Workers = [new WorkerStatus { Worker = "w1", Slots = 16, SlotsInUse = 1 }, new WorkerStatus { Worker = "w2", Slots = 8 }],
        Statuses = [new RunnerStatus { JobId = "runs" }, new RunnerStatus { JobId = "waits", Sleeping = true }, new RunnerStatus { JobId = "waits2", Sleeping = true }],
    };

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task All_is_told_in_one_look_and_ends_with_0_where_all_is_well()
    {
        _cli.Counts[Names.RunJob] = 7;
        _cli.Counts[Names.JobLogRecorded] = 3;

        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("status"));

        Assert.Equal(
            """
            workers:      2, 1 of 24 slots in use
            runs:         1 running, 2 waiting for their next try
            commands:     7 wait for a worker
            job logs:     3 wait for their delivery
            error queues: empty

            """,
            _cli.Output,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public async Task Error_queues_are_told_by_reason_and_end_with_1()
    {
        foreach (var id in new[] { "a", "b", "c" })
        {
            _cli.Repair.Add(Names.RunJob, "{}", $"job id \"{id}{id}\" is no id of 4 characters");
        }

        _cli.Repair.Add(Names.RunJob, "{}", "job.type is missing");
        _cli.Counts[Names.ErrorQueue(Names.RunJob)] = 4;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("status"));

        Assert.Contains("error queues: run-job_error 4\n  3x job id \"…\" is no id of 4 characters\n  1x job.type is missing\n", _cli.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Contains("! 4 messages in run-job_error. See: jobrunner errors list", _cli.Output, StringComparison.Ordinal);
        Assert.Equal(4, _cli.Repair.Left(Names.RunJob).Count);
    }

    [Fact]
    public async Task In_an_alarm_nobody_is_asked_and_it_is_said()
    {
        _cli.Alarm = () => "low on memory";

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("status"));

        Assert.Contains("! the broker has an alarm (low on memory) and takes no messages", _cli.Output, StringComparison.Ordinal);
        Assert.Empty(_cli.Control.Asked);
    }

    [Fact]
    public async Task No_worker_and_a_missing_queue_need_a_person()
    {
        _cli.Control = new FakeBrokerControl { Statuses = null };
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("status"));
        Assert.Contains("! no worker is connected to the broker", _cli.TakeOutput(), StringComparison.Ordinal);

        _cli.Counts[Names.JobLogRecorded] = null;
        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("status --json"));
        var told = JsonNode.Parse(_cli.Output)!;
        Assert.Equal("job-log-recorded", (string?)Assert.Single(told["missing"]!.AsArray()));
        Assert.Null(told["logsWaiting"]);
        Assert.Equal(0, (int)told["workers"]!);
    }
}
