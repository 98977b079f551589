using System.Text;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>Runs that wait cost a worker neither slots nor prefetch.</summary>
public sealed class WaitingTests(Broker broker, ITestOutputHelper output)
{
    private const int Waiting = 10_000;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task Ten_thousand_runners_wait_on_one_worker_while_other_jobs_run_and_one_stop_ends_them_all()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var fails = Base64("""{"url":"http://127.0.0.1:1/"}""");
        for (var number = 0; number < Waiting; number++)
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{number:x4}}","type":"http-request","bytes":"{{fails}}","retry":1,"retryWait":"10m"},
                 "sentAt":"{{DateTimeOffset.UtcNow:O}}"}
                """);
        }

        await Eventually.HoldsAsync(
            "all wait in the broker", async () => await CountOrZeroAsync(stage, "run-job.wait.10m") == Waiting, TimeSpan.FromMinutes(3));
        await Eventually.HoldsAsync("all first tries are logged", () => stage.RequestManager.Rows.Count >= Waiting, TimeSpan.FromMinutes(1));

        var queue = await stage.Client.Channel.QueueDeclareAsync();
        var answers = await stage.Client.ConsumeAsync(queue.QueueName);
        await stage.Client.SendAsync("get-runner-status", "{}", new BasicProperties { ReplyTo = queue.QueueName, CorrelationId = "s" });
        await Eventually.HoldsAsync("the worker shows them all", () => answers.Count == Waiting);
        Assert.All(answers, answer => Assert.Contains("\"sleeping\":true", answer.Body));

        var other = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{other}}","job":{"id":"noop","type":"noop"} }""");
        Assert.Equal(3, (int)(await stage.FinishedAsync(other, "noop", TimeSpan.FromSeconds(5)))["finalState"]!);

        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");
        await Eventually.HoldsAsync(
            "all are stopped", () => stage.Finished.Count(end => end.Body.Contains("\"finalState\":6", StringComparison.Ordinal)) == Waiting, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_busy_worker_leaves_unstarted_commands_to_one_that_is_free()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "2" });
        var (busy, free) = (Stage.NewRequestId(), Stage.NewRequestId());
        var long_ = Base64("""{"duration":600000000000}""");
        foreach (var id in new[] { "aaaa", "bbbb" })
        {
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{busy}}","job":{"id":"{{id}}","type":"sleep","bytes":"{{long_}}"} }""");
            await StopTests.StatusAsync(stage, busy, status => (string)status["jobId"]! == id && (int)status["state"]! == 2);
        }

        for (var number = 0; number < 20; number++)
        {
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{free}}","job":{"id":"{{number:x4}}","type":"noop"} }""");
        }

        await Eventually.HoldsAsync("all of them stay in the queue", async () => await stage.Client.CountAsync("run-job") == 20);
        await stage.AddWorkerAsync();
        await Eventually.HoldsAsync("the free worker runs them all", () => stage.Finished.Count == 20, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task While_two_thousand_runs_of_one_worker_wait_for_a_minute_an_idle_second_and_the_first_take_every_new_job_at_once()
    {
        const int Parked = 2_000;
        const int New = 100;
        // Runs that complete are told at this level.
        Dictionary<string, string> settings = new() { ["Logging__LogLevel__JobRunner.Bus.Runs"] = "Debug" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var fails = Base64("""{"url":"http://127.0.0.1:1/"}""");
        for (var number = 0; number < Parked; number++)
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{number:x4}}","type":"http-request","bytes":"{{fails}}","retry":1,"retryWait":"1m"},
                 "sentAt":"{{DateTimeOffset.UtcNow:O}}"}
                """);
        }

        await Eventually.HoldsAsync(
            "all wait in the broker", async () => await CountOrZeroAsync(stage, "run-job.wait.1m") == Parked, TimeSpan.FromSeconds(50));
        var idle = await stage.AddWorkerAsync(settings);

        List<double> took = [];
        var other = Stage.NewRequestId();
        for (var number = 0; number < New; number++)
        {
            var sent = DateTimeOffset.UtcNow;
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{other}}","job":{"id":"{{number:x4}}","type":"noop"} }""");
            await stage.FinishedAsync(other, $"{number:x4}", TimeSpan.FromSeconds(5));
            took.Add((DateTimeOffset.UtcNow - sent).TotalMilliseconds);
        }

        took.Sort();
        output.WriteLine($"{New} new jobs, one after another: p50 {took[New / 2]:f1} ms, max {took[^1]:f1} ms");
        Assert.Contains(other, stage.Worker.Output, StringComparison.Ordinal);
        Assert.Contains(other, idle.Output, StringComparison.Ordinal);
        Assert.Equal(Parked, (int)await CountOrZeroAsync(stage, "run-job.wait.1m"));
    }

    private static async Task<uint> CountOrZeroAsync(Stage stage, string queue)
    {
        await using var client = await PlainClient.ConnectAsync(stage.Uri);
        try
        {
            return await client.CountAsync(queue);
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return 0;
        }
    }
}
