using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// What the broker accepts is in the queue that must hold it: the journal is bound to the same exchanges, and hides from
/// <c>mandatory</c> that a queue is gone.
/// </summary>
public sealed class KeptTests(Broker broker)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Runs_whose_wait_queue_was_deleted_all_end()
    {
        await using var stage = await Stage.SetAsync(broker);
        var first = Stage.NewRequestId();
        await SendAsync(stage, first, "first", "[ $JOBRUNNER_TRY = 2 ]", retryWait: "3s");
        await stage.FinishedAsync(first, "first");
        await DeleteAsync(stage, "run-job.wait.3s");

        var request = Stage.NewRequestId();
        for (var job = 0; job < 5; job++)
        {
            await SendAsync(stage, request, $"job{job}", "[ $JOBRUNNER_TRY = 2 ]", retryWait: "3s");
        }

        for (var job = 0; job < 5; job++)
        {
            Assert.Equal(3, (int)(await stage.FinishedAsync(request, $"job{job}", Long))["finalState"]!);
        }
    }

    [Fact]
    public async Task Logs_of_a_worker_that_only_runs_jobs_are_delivered_though_their_queue_was_deleted()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Roles"] = "Run" });
        var request = Stage.NewRequestId();
        await SendAsync(stage, request, "before", "exit 0");
        await stage.FinishedAsync(request, "before");
        await DeleteAsync(stage, "job-log-recorded");

        for (var job = 0; job < 5; job++)
        {
            await SendAsync(stage, request, $"job{job}", "exit 0");
        }

        for (var job = 0; job < 5; job++)
        {
            await stage.FinishedAsync(request, $"job{job}", Long);
        }

        await stage.AddWorkerAsync(new() { ["JobRunner__Worker__Roles"] = "Report" });
        await Eventually.HoldsAsync(
            () => $"five logs arrive, of {string.Join(", ", stage.RequestManager.Rows.Select(row => row.JobId))}\n{stage.Worker.Output}",
            () => Enumerable.Range(0, 5).All(job => stage.RequestManager.Rows.Any(row => row.JobId == $"job{job}")));
    }

    [Fact]
    public async Task A_run_that_is_handed_over_though_the_queue_of_commands_was_deleted_goes_on()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__DrainTimeout"] = "1s" });
        var request = Stage.NewRequestId();
        var file = Path.Combine(Path.GetTempPath(), request);
        await SendAsync(stage, request, "long", $"touch {file}.runs; until [ -e {file} ]; do sleep 0.1; done");
        await Eventually.HoldsAsync("its try runs", () => File.Exists(file + ".runs"));
        await DeleteAsync(stage, "run-job");
        Assert.Equal(0, await stage.Worker.TerminateAsync());

        await File.WriteAllTextAsync(file, "");
        await stage.AddWorkerAsync();
        var end = await stage.FinishedAsync(request, "long", Long);
        Assert.Equal(3, (int)end["finalState"]!);
        File.Delete(file);
        File.Delete(file + ".runs");
    }

    private static Task SendAsync(Stage stage, string request, string job, string script, string retryWait = "0s")
    {
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
        return stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"{{job}}","type":"shell-command","bytes":"{{bytes}}","retry":1,"retryWait":"{{retryWait}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
    }

    private static Task<uint> DeleteAsync(Stage stage, string queue) => stage.Client.Channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
}
