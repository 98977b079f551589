using System.Net.Mime;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Commands sent to a whole worker, from the bus and back to it.</summary>
public sealed class WorkerRunTests
{
    [Fact]
    public async Task A_job_that_completes_is_logged_and_told()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = (context, _) =>
        {
            context.JobData["answer"] = 42;
            return Task.FromResult(JobResult.Complete("done"));
        };

        await worker.SendAsync(Worker.Command() with { JobData = new JsonObject { ["before"] = true } });

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Complete, 1L, 1L, 1L, null), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries, end.Error));
        Assert.Equal("""{"before":true,"answer":42}""", end.JobData.ToJsonString());
        var log = Assert.Single(await worker.LogsAsync(1));
        Assert.Equal(("r", 1L, "test", "scripted", JobState.Complete, "done"), (log.RequestId, log.Try, log.Name, log.Type, log.State, log.Stdout));
    }

    [Fact]
    public async Task What_a_job_logs_says_whose_try_it_is_of_in_the_workers_log_and_goes_into_the_trys_own_log()
    {
        await using var worker = await Worker.StartAsync();
        var logger = worker.Get<ILoggerFactory>().CreateLogger("Shop.Orders");
        worker.Scripts["j"] = async (context, _) =>
        {
            await Task.Yield();
            logger.Log(LogLevel.Warning, "order {Order} is late", context.Try);
            return context.Try == 2 ? JobResult.Complete("done\n") : JobResult.Fail("no");
        };

        await worker.SendAsync(Worker.Command(retry: 1, retryWait: "40ms"));
        await worker.EndAsync();

        var logs = await worker.LogsAsync(2);
        Assert.EndsWith("warn order 1 is late\n", logs[0].Stdout, StringComparison.Ordinal);
        Assert.EndsWith("warn order 2 is late\ndone\n", logs[1].Stdout, StringComparison.Ordinal);
        var lines = worker.LogLines.Where(line => line.Category == "Shop.Orders").ToList();
        Assert.Equal(["order 1 is late", "order 2 is late"], lines.Select(line => line.Message));
        for (var number = 1; number <= 2; number++)
        {
            var scopes = lines[number - 1].Scopes.OfType<IEnumerable<KeyValuePair<string, object?>>>().SelectMany(scope => scope)
                .Where(entry => !entry.Key.StartsWith('{')).Select(entry => $"{entry.Key}={entry.Value}").ToList();
            Assert.Contains("RequestId=r", scopes);
            Assert.Contains("JobId=j", scopes);
            Assert.Contains($"Try={number}", scopes);
        }
    }

    [Fact]
    public async Task Nothing_of_it_goes_there_where_the_setting_says_so()
    {
        await using var worker = await Worker.StartAsync(("MaxLoggedBytes", "0"));
        var logger = worker.Get<ILoggerFactory>().CreateLogger("Shop.Orders");
        worker.Scripts["j"] = (_, _) =>
        {
            logger.Log(LogLevel.Warning, "late");
            return Task.FromResult(JobResult.Complete("done\n"));
        };

        await worker.SendAsync(Worker.Command());
        await worker.EndAsync();

        Assert.Equal("done\n", Assert.Single(await worker.LogsAsync(1)).Stdout);
        Assert.Contains(worker.LogLines, line => line.Message == "late");
    }

    [Fact]
    public async Task A_job_that_fails_every_try_waits_between_them_and_fails_for_good()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = (context, _) =>
        {
            context.JobData[$"try{context.Try}"] = true;
            throw new InvalidOperationException("no luck");
        };

        await worker.SendAsync(Worker.Command(retry: 2, retryWait: "40ms"));

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Fail, 3L, 3L, 3L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal("""{"try1":true,"try2":true,"try3":true}""", end.JobData.ToJsonString());
        var logs = await worker.LogsAsync(3);
        Assert.Equal([1L, 2L, 3L], logs.Select(log => log.Try));
        Assert.All(logs, log => Assert.Equal("panic from job.Run: no luck", log.Error));
        for (var waited = 0; waited < 2; waited++)
        {
            Assert.InRange(logs[waited + 1].StartedAt - logs[waited].FinishedAt, 20_000_000, long.MaxValue);
        }

        await Eventually.HoldsAsync("nothing is held any more", () => worker.Get<RunnerRepo>().Count == 0);
    }

    [Fact]
    public async Task A_job_whose_type_has_no_place_comes_back_later_with_nothing_used_up_while_other_types_run()
    {
        await using var worker = await Worker.StartAsync();
        var release = new TaskCompletionSource();
        var running = new TaskCompletionSource();
        worker.Scripts["first"] = async (_, _) =>
        {
            running.SetResult();
            await release.Task;
            return JobResult.Complete();
        };
        RunJob Limited(string id)
        {
            var command = Worker.Command(id);
            return command with { Job = command.Job with { Type = "limited" } };
        }

        await worker.SendAsync(Limited("first"));
        await running.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await worker.SendAsync(Limited("second"));
        await Eventually.HoldsAsync("the second has been sent on", () => worker.LogLines.Any(line => line.Id.Id == 1102));
        await worker.SendAsync(Worker.Command("other"));
        Assert.Equal(JobState.Complete, (await worker.EndAsync("other")).FinalState);
        Assert.Empty(worker.Store.Of("second"));

        release.SetResult();

        var end = await worker.EndAsync("second");
        Assert.Equal((JobState.Complete, 1L, 1L), (end.FinalState, end.Tries, end.TotalTries));
        Assert.Equal(JobState.Complete, (await worker.EndAsync("first")).FinalState);
    }

    [Fact]
    public async Task A_job_that_completes_after_waits_has_told_all_its_tries()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = (context, _) => Task.FromResult(context.Try == 9 ? JobResult.Complete() : JobResult.Fail("again"));

        await worker.SendAsync(Worker.Command(retry: 5, retryWait: "10ms") with { PrevTries = 1, TotalTries = 6 });

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Complete, 3L, 4L, 9L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal([7L, 8L, 9L], (await worker.LogsAsync(3)).Select(log => log.Try));
    }

    [Fact]
    public async Task Waits_up_to_ParkWaitsOver_are_waited_out_on_the_spot()
    {
        await using var worker = await Worker.StartAsync(("ParkWaitsOver", "1m"));
        var made = new List<JobRunContext>();
        worker.Scripts["j"] = (context, _) =>
        {
            made.Add(context);
            return Task.FromResult(JobResult.Fail("again"));
        };

        await worker.SendAsync(Worker.Command(retry: 2, retryWait: "10ms"));

        Assert.Equal((JobState.Fail, 3L), ((await worker.EndAsync()).FinalState, (await worker.EndAsync()).Tries));
        Assert.DoesNotContain(worker.LogLines, line => line.Message.StartsWith("Run goes on elsewhere", StringComparison.Ordinal));
        Assert.Equal(3, made.Count);
    }

    [Fact]
    public async Task A_job_of_an_unknown_type_fails_without_a_try()
    {
        await using var worker = await Worker.StartAsync();
        var command = Worker.Command();

        await worker.SendAsync(command with { Job = command.Job with { Type = "nobody-knows" } });

        var end = await worker.EndAsync();
        const string Error = "problem creating job runner: unknown job type \"nobody-knows\"; this worker knows limited, scripted";
        Assert.Equal((JobState.Fail, 0L, 0L, 1L, Error), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries, end.Error));
        var log = Assert.Single(await worker.LogsAsync(1));
        Assert.Equal((1L, 0L, 0L, 1L, Error), (log.Try, log.StartedAt, log.FinishedAt, log.Exit, log.Error));
    }

    [Fact]
    public async Task A_job_whose_bytes_make_no_sense_fails_without_a_try()
    {
        await using var worker = await Worker.StartAsync();
        var command = Worker.Command(retry: 3);

        await worker.SendAsync(command with { Job = command.Job with { Bytes = [1] }, TotalTries = 4, PrevTries = 1 });

        var end = await worker.EndAsync();
        Assert.Equal(
            (JobState.Fail, 0L, 1L, 5L, "problem creating job runner: bytes make no sense"),
            (end.FinalState, end.Tries, end.PrevTries, end.TotalTries, end.Error));
        Assert.Equal(5, Assert.Single(await worker.LogsAsync(1)).Try);
    }

    [Fact]
    public async Task A_run_without_tries_left_fails_and_says_so()
    {
        await using var worker = await Worker.StartAsync();

        await worker.SendAsync(Worker.Command(retry: 1) with { PrevTries = 2, TotalTries = 2 });

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Fail, 0L, 3L, "no try left: prevTries 2 = 1 + retry 1"), (end.FinalState, end.Tries, end.TotalTries, end.Error));
    }

    [Fact]
    public async Task A_command_that_breaks_the_rules_is_refused_and_its_scheduler_told_all_that_is_wrong()
    {
        await using var worker = await Worker.StartAsync();
        var command = Worker.Command(retry: 1, retryWait: "soon");

        await worker.SendAsync(command with { PrevTries = 3, TotalTries = 7, Job = command.Job with { Type = "" } });

        var end = await worker.EndAsync();
        Assert.Equal(
            (JobState.Fail, 0L, 3L, 7L,
                "job.type is missing or empty; prevTries is 3; it must be from 0 to 1 + job.retry = 2; "
                + "job.retryWait \"soon\" is not a duration such as \"500ms\", \"1.5s\" or \"1h30m\""),
            (end.FinalState, end.Tries, end.PrevTries, end.TotalTries, end.Error));
        Assert.Equal(0, worker.Store.Count);
    }

    [Fact]
    public async Task A_command_larger_than_allowed_is_refused()
    {
        await using var worker = await Worker.StartAsync(("MaxCommandBytes", "1024"));

        await worker.SendAsync(Worker.Command() with { JobData = new JsonObject { ["big"] = new string('x', 2000) } });

        var end = await worker.EndAsync();
        Assert.Equal(JobState.Fail, end.FinalState);
        Assert.Matches(@"^the command has 2\d\d\d bytes; this worker takes up to 1024 \(JobRunner__Worker__MaxCommandBytes\)$", end.Error!);
    }

    [Theory]
    [InlineData("application/json", """{"requestId":"r","job":{"id":"j","type":"scripted"},"prevTries":2,"jobData":""", 2)]
    [InlineData("application/json", """{"requestId":"r","job":{"id":"j","type":7}}""", 0)]
    [InlineData("application/vnd.masstransit+json", """{"message":{"requestId":"r","job":{"id":"j","type":7},"prevTries":1}}""", 1)]
    [InlineData("application/vnd.masstransit+json", """{"message":{"requestId":"r","job":{"id":"j","type":"scripted"},"jobData":{"k":"\ud800"},"prevTries":1}}""", 1)]
    public async Task A_command_that_cannot_be_understood_but_says_whose_it_is_fails(string contentType, string body, long prevTries)
    {
        await using var worker = await Worker.StartAsync();

        await SendRawAsync(worker, contentType, body);

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Fail, 0L, prevTries), (end.FinalState, end.Tries, end.PrevTries));
        Assert.StartsWith("the body ", end.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", "not json")]
    [InlineData("application/json", "")]
    [InlineData("application/vnd.masstransit+json", "[]")]
    [InlineData("application/vnd.masstransit+json", "{\"message\":")]
    [InlineData("application/vnd.masstransit+json", "7")]
    public async Task A_command_that_says_nothing_is_told_to_the_operator_and_the_next_one_runs(string contentType, string body)
    {
        await using var worker = await Worker.StartAsync();

        await SendRawAsync(worker, contentType, body);
        await worker.SendAsync(Worker.Command());

        await worker.EndAsync();
        await Eventually.HoldsAsync("the operator is told", () =>
            worker.LogLines.Any(line => line.Id.Id == 1103 && line.Message.EndsWith("It is in the error queue", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Two_thousand_runs_at_once_never_have_more_tries_at_once_than_slots()
    {
        await using var worker = await Worker.StartAsync(("Slots", "8"));
        var (running, most) = (0, 0);
        var full = new TaskCompletionSource();
        for (var number = 0; number < 2000; number++)
        {
            worker.Scripts[$"j{number}"] = async (context, _) =>
            {
                var now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (now >= 8)
                {
                    full.TrySetResult();
                }

                // The first ones hold their slots until all are taken.
                await full.Task;
                await Task.Yield();
                Interlocked.Decrement(ref running);
                return context.Try == 1 ? JobResult.Fail("again") : JobResult.Complete();
            };
        }

        await Parallel.ForAsync(0, 2000, async (number, _) => await worker.SendAsync(Worker.Command($"j{number}", retry: 1, retryWait: "1ms")));

        await Eventually.HoldsAsync("2,000 runs end", () => worker.Ends.Count >= 2000, TimeSpan.FromSeconds(120));
        Assert.Equal(8, most);
        Assert.Equal(2000, worker.Ends.Select(end => end.JobId).Distinct().Count());
        Assert.All(worker.Ends, end => Assert.Equal((JobState.Complete, 2L), (end.FinalState, end.Tries)));
        await Eventually.HoldsAsync("4,000 logs", () => worker.Store.Count == 4000, TimeSpan.FromSeconds(60));
        await Eventually.HoldsAsync("nothing is held any more", () => worker.Get<RunnerRepo>().Count == 0);
    }

    private static void InterlockedMax(ref int most, int value)
    {
        var seen = Volatile.Read(ref most);
        while (value > seen)
        {
            seen = Interlocked.CompareExchange(ref most, value, seen) is var found && found == seen ? value : found;
        }
    }

    private static Task SendRawAsync(Worker worker, string contentType, string body) => worker.Get<IBus>().Publish(
        new RunJob(), context => context.Serializer = new RawText(new ContentType(contentType), body));

    /// <summary>Writes this text whatever the message.</summary>
    private sealed class RawText(ContentType contentType, string text) : IMessageSerializer
    {
        public ContentType ContentType => contentType;

        public MessageBody GetMessageBody<T>(SendContext<T> context)
            where T : class => new BytesMessageBody(Encoding.UTF8.GetBytes(text));
    }
}
