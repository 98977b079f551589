using System.Diagnostics;
using System.Text;
using JobRunner.Bus.Client;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>No time that a scheduler states keeps a run from being taken over or stopped.</summary>
public sealed class OddTimesTests(Broker broker, ITestOutputHelper output)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(3);

    private static Dictionary<string, string> Times => new()
    {
        ["zero"] = "\"0001-01-01T00:00:00Z\"",
        ["unix"] = "\"1970-01-01T00:00:00Z\"",
        ["last"] = "\"9999-12-31T23:59:59Z\"",
        ["soon"] = $"\"{DateTimeOffset.UtcNow.AddHours(1):O}\"",
        ["bare"] = $"\"{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss.ffffff}\"",
        ["none"] = "null",
    };

    [Fact]
    public async Task Runs_of_commands_with_odd_times_whose_worker_is_killed_in_try_2_are_taken_over_and_then_stopped()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri);
        var request = Stage.NewRequestId();
        // Try 1 fails at once; each try after it lasts until it is stopped.
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"cmd":"/bin/sh","args":["-c","[ $JOBRUNNER_TRY = 1 ] && exit 1; exec sleep 600"]}"""));
        var begun = Stopwatch.StartNew();
        foreach (var (job, sentAt) in Times)
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{job}}","type":"shell-command","bytes":"{{script}}","retry":5,"retryWait":"10ms"},"sentAt":{{sentAt}} }
                """);
        }

        await RunInTryTwoAsync(stage.Worker);
        var other = await stage.AddWorkerAsync();

        await stage.Worker.KillAsync();
        var killed = Stopwatch.StartNew();

        await RunInTryTwoAsync(other);
        output.WriteLine($"lease {Lease.TotalSeconds:0} s: all are taken over {killed.Elapsed.TotalSeconds:f1} s after the kill");
        Assert.True(killed.Elapsed < Lease + TimeSpan.FromSeconds(10), $"{killed.Elapsed}: {other.Output}");

        // A stop so soon after its command is told apart from a resume by the times alone: "soon" says that it was sent after it.
        await Eventually.HoldsAsync("the stop is no longer on its way with the command", () => begun.Elapsed > TimeSpan.FromSeconds(12));
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");

        foreach (var job in Times.Keys)
        {
            var end = await stage.FinishedAsync(request, job);
            Assert.Equal((6, 2), ((int)end["finalState"]!, (int)end["totalTries"]!));
        }

        await Eventually.HoldsAsync("two logs each", () => stage.RequestManager.Rows.Count == 2 * Times.Count);
        Assert.All(stage.RequestManager.Rows.GroupBy(row => row.JobId), job => Assert.Equal([1L, 2L], job.Select(row => row.Try).Order()));

        Task RunInTryTwoAsync(WorkerProcess worker) => Eventually.HoldsAsync(
            () => $"all run in try 2 on worker {worker.Id}:\n{worker.Output}",
            async () => (await client.StatusAsync(request)).Count(status =>
                status is { Try: 2, Sleeping: false } && status.Worker.Contains($".{worker.Id}.", StringComparison.Ordinal)) == Times.Count);
    }
}
