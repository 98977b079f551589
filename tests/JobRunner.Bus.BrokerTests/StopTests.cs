using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A stop reaches a job wherever it is.</summary>
public sealed class StopTests(Broker broker)
{
    private const string Sleeps = """{"duration":600000000000}""";

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string Now => DateTimeOffset.UtcNow.ToString("O");

    private static string SleepJob(string request, string job = "slep", string more = "") => $$"""
        {"requestId":"{{request}}","job":{"id":"{{job}}","type":"sleep","bytes":"{{Base64(Sleeps)}}"},"sentAt":"{{Now}}"{{more}}}
        """;

    private static string FailingJob(string request, string wait) => $$"""
        {"requestId":"{{request}}","job":{"id":"fail","type":"shell-command","bytes":"{{Base64("""{"cmd":"/bin/false"}""")}}","retry":3,"retryWait":"{{wait}}"},"sentAt":"{{Now}}"}
        """;

    private static string Stop(string request, string? job = null) => job is null
        ? $$"""{"requestId":"{{request}}","sentAt":"{{Now}}"}"""
        : $$"""{"requestId":"{{request}}","jobId":"{{job}}","sentAt":"{{Now}}"}""";

    [Fact]
    public async Task A_running_job_is_stopped_its_log_says_so_and_the_asker_is_answered()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", SleepJob(request));
        await StatusAsync(stage, request, status => (int)status["state"]! == 2);

        var answer = await AskToStopAsync(stage, Stop(request, "slep"));

        Assert.Equal(("stopped-while-running", 6), ((string)answer["outcome"]!, (int)answer["finalState"]!));
        var end = await stage.FinishedAsync(request, "slep");
        Assert.Equal((6, 1, 0, 1), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("the log of the stopped try", () => stage.RequestManager.Rows is [{ State: JobState.Stopped, Try: 1 }]);
    }

    [Fact]
    public async Task Runs_that_are_resumed_the_moment_they_were_stopped_while_they_waited_run()
    {
        const int Jobs = 60;
        await using var stage = await Stage.SetAsync(broker);
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri);
        var request = JobRunnerClient.NewRequestId();
        RunJob Command(int job) => new()
        {
            RequestId = request,
            Job = new Job
            {
                Id = $"{job:x4}",
                Type = "shell-command",
                Retry = 3,
                RetryWait = "1h",
                Bytes = Encoding.UTF8.GetBytes("""{"cmd":"/bin/sh","args":["-c","[ $JOBRUNNER_TRY -gt 1 ]"]}"""),
            },
        };
        await Task.WhenAll(Enumerable.Range(0, Jobs).Select(job => client.SubmitAsync(Command(job))));
        await Eventually.HoldsAsync("all wait", async () => (await client.StatusAsync(request)).Count(status => status.Sleeping) == Jobs);

        var resumed = Enumerable.Range(0, Jobs).Select(ResumeAsync).ToList();
        await client.SendStopAsync(new StopJob { RequestId = request }, TestContext.Current.CancellationToken);

        var ends = await Task.WhenAll(resumed).WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.All(ends, end => Assert.Equal((JobState.Complete, 2L), (end.FinalState, end.TotalTries)));

        async Task<JobFinished> ResumeAsync(int job)
        {
            var stopped = await client.WaitForAsync(request, $"{job:x4}");
            Assert.Equal((JobState.Stopped, 1L), (stopped.FinalState, stopped.TotalTries));
            return await client.RunAsync(Command(job) with { PrevTries = stopped.PrevTries, TotalTries = stopped.TotalTries, JobData = stopped.JobData });
        }
    }

    [Fact]
    public async Task A_parked_job_is_stopped_at_once_and_does_not_come_back_when_it_would_be_due()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", FailingJob(request, "4s"));
        await StatusAsync(stage, request, status => (bool)status["sleeping"]!);
        var asked = DateTimeOffset.UtcNow;

        var answer = await AskToStopAsync(stage, Stop(request));

        Assert.Equal("stopped-while-waiting", (string)answer["outcome"]!);
        var end = await stage.FinishedAsync(request, "fail");
        Assert.True(DateTimeOffset.UtcNow - asked < TimeSpan.FromSeconds(2.5));
        Assert.Equal((6, 2, 1, 1), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));

        await Eventually.HoldsAsync("the parked command comes due and is dropped", async () =>
            await stage.Client.CountAsync("run-job.wait.4s") == 0 && stage.Worker.Output.Contains("its scheduler was told", StringComparison.Ordinal));
        Assert.Single(stage.Ends(request, "fail"));
        Assert.Single(stage.RequestManager.Rows);
    }

    [Fact]
    public async Task A_parked_job_whose_worker_has_died_is_stopped_by_another_when_it_is_due()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", FailingJob(request, "3s"));
        await Eventually.HoldsAsync("it is parked", () => stage.Worker.Output.Contains("Run goes on elsewhere", StringComparison.Ordinal));
        await StatusAsync(stage, request, status => (bool)status["sleeping"]!);
        await stage.Worker.KillAsync();
        await stage.Client.SendAsync("stop-job", Stop(request));

        await stage.AddWorkerAsync();

        var end = await stage.FinishedAsync(request, "fail");
        Assert.Equal((6, 2, 1, 1), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        // The worker may have died with the log of the first try on its hands.
        await Eventually.HoldsAsync("the log of the first try is delivered", () => stage.RequestManager.Rows.Count == 1);
    }

    [Fact]
    public async Task A_job_that_is_still_queued_is_stopped_before_it_starts()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "1" });
        var (busy, queued) = (Stage.NewRequestId(), Stage.NewRequestId());
        await stage.Client.SendAsync("run-job", SleepJob(busy));
        await StatusAsync(stage, busy, status => (int)status["state"]! == 2);
        await stage.Client.SendAsync("run-job", SleepJob(queued));
        await stage.Client.SendAsync("stop-job", Stop(queued));

        await stage.Client.SendAsync("stop-job", Stop(busy));

        var end = await stage.FinishedAsync(queued, "slep");
        Assert.Equal((6, 1, 0, 0), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("only the busy job has a log", () => stage.RequestManager.Rows is [{ } row] && row.RequestId == busy);
    }

    [Fact]
    public async Task A_stop_that_says_no_time_counts_from_when_it_was_first_seen_for_a_worker_that_starts_later_too()
    {
        await using var stage = await Stage.SetAsync(broker);
        var (seen, unseen) = (Stage.NewRequestId(), Stage.NewRequestId());
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{seen}}"}""");
        // The stop itself, the worker's mark, and when it was first seen.
        await Eventually.HoldsAsync("it is written down", async () => await stage.Client.CountAsync("stop-job") >= 3);
        await stage.Worker.KillAsync();
        await stage.Client.SendAsync("run-job", SleepJob(seen));
        await stage.Client.SendAsync("run-job", SleepJob(unseen));
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{unseen}}"}""");

        await stage.AddWorkerAsync();

        Assert.Equal((6, 0), ((int)(await stage.FinishedAsync(unseen, "slep"))["finalState"]!, (int)(await stage.FinishedAsync(unseen, "slep"))["totalTries"]!));
        await StatusAsync(stage, seen, status => (int)status["state"]! == 2);
    }

    [Fact]
    public async Task A_stop_is_known_to_a_worker_that_starts_later_and_a_resume_sent_after_it_runs()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Worker.KillAsync();
        var before = SleepJob(request);
        await stage.Client.SendAsync("stop-job", Stop(request));
        await stage.Client.SendAsync("run-job", before);

        await stage.AddWorkerAsync();

        var end = await stage.FinishedAsync(request, "slep");
        Assert.Equal((6, 0), ((int)end["finalState"]!, (int)end["totalTries"]!));
        Assert.Empty(stage.RequestManager.Rows);

        await stage.Client.SendAsync("run-job", SleepJob(request));
        await StatusAsync(stage, request, status => (int)status["state"]! == 2);
    }

    [Fact]
    public async Task A_resume_sent_while_the_stopped_run_still_ends_waits_for_it_and_then_runs()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        // Takes a second to stop.
        var slow = Base64("""{"cmd":"/bin/sh","args":["-c","trap 'sleep 1; exit 1' TERM; while :; do sleep 0.1; done"]}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"slow","type":"shell-command","bytes":"{{slow}}"},"sentAt":"{{Now}}"}
            """);
        await StatusAsync(stage, request, status => (int)status["state"]! == 2);
        await stage.Client.SendAsync("stop-job", Stop(request));
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"slow","type":"noop"},"prevTries":0,"totalTries":1,"sentAt":"{{Now}}"}
            """);

        await Eventually.HoldsAsync("both runs end", () => stage.Ends(request, "slow").Count == 2);
        Assert.Equal([6, 3], stage.Ends(request, "slow").Select(end => (int)end["finalState"]!));
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Select(row => row.Try).Order().SequenceEqual([1L, 2L]));
    }

    [Fact]
    public async Task A_stop_that_is_no_stop_is_told_to_the_operator_and_the_next_one_works()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("stop-job", "not json");
        await stage.Client.SendAsync("stop-job", """{"jobId":"abcd"}""");
        await stage.Client.SendAsync("run-job", SleepJob(request));
        await StatusAsync(stage, request, status => (int)status["state"]! == 2);

        await stage.Client.SendAsync("stop-job", Stop(request));

        await stage.FinishedAsync(request, "slep");
        Assert.Contains("requestId is missing or empty", stage.Worker.Output);
        Assert.Contains("the body is not the JSON of a StopJob", stage.Worker.Output);
    }

    internal static async Task<JsonNode> AskToStopAsync(Stage stage, string stop)
    {
        var queue = await stage.Client.Channel.QueueDeclareAsync();
        var answers = await stage.Client.ConsumeAsync(queue.QueueName);
        await stage.Client.SendAsync("stop-job", stop, new BasicProperties { ReplyTo = queue.QueueName, CorrelationId = "c1" });
        await Eventually.HoldsAsync("the asker is answered", () => !answers.IsEmpty);
        var answer = Assert.Single(answers);
        Assert.Equal("c1", answer.Properties.CorrelationId);
        return JsonNode.Parse(answer.Body)!;
    }

    /// <summary>Asks every worker for its runners until one is as wanted.</summary>
    internal static async Task<JsonNode> StatusAsync(Stage stage, string request, Func<JsonNode, bool> wanted)
    {
        var queue = await stage.Client.Channel.QueueDeclareAsync();
        var answers = await stage.Client.ConsumeAsync(queue.QueueName);
        JsonNode? found = null;
        var asked = DateTimeOffset.MinValue;
        await Eventually.HoldsAsync("a runner is as wanted", async () =>
        {
            if (DateTimeOffset.UtcNow - asked > TimeSpan.FromMilliseconds(200))
            {
                asked = DateTimeOffset.UtcNow;
                await stage.Client.SendAsync(
                    "get-runner-status", $$"""{"requestId":"{{request}}"}""", new BasicProperties { ReplyTo = queue.QueueName, CorrelationId = "s" });
            }

            found = answers.Select(answer => JsonNode.Parse(answer.Body)!).LastOrDefault(wanted);
            return found is not null;
        });
        return found!;
    }
}
