using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Stops;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Stops sent to a whole worker.</summary>
public sealed class WorkerStopTests
{
    [Fact]
    public async Task A_running_job_is_stopped()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = Scripts.UntilStoppedAsync;
        await worker.SendAsync(Worker.Command(retry: 3));
        await RunsAsync(worker);

        await worker.StopJobAsync();

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Stopped, 1L, 0L, 1L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal(JobState.Stopped, Assert.Single(await worker.LogsAsync(1)).State);
    }

    [Fact]
    public async Task A_job_that_waits_for_its_next_try_is_stopped_at_once()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = (_, _) => Task.FromResult(JobResult.Fail("again"));
        await worker.SendAsync(Worker.Command(retry: 3, retryWait: "1h"));
        await Eventually.HoldsAsync("it waits", () => worker.Get<RunnerRepo>().Items().Any(runner => runner.Status().Sleeping));

        await worker.StopJobAsync(jobId: null);

        var end = await worker.EndAsync();
        Assert.Equal((JobState.Stopped, 2L, 1L, 1L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        await Eventually.HoldsAsync("it is not held any more", () => worker.Get<RunnerRepo>().Count == 0);
    }

    [Fact]
    public async Task A_job_that_waits_in_the_queue_is_stopped_before_it_starts()
    {
        await using var worker = await Worker.StartAsync(("Slots", "1"));
        var go = new TaskCompletionSource();
        worker.Scripts["busy"] = async (_, _) =>
        {
            await go.Task;
            return JobResult.Complete();
        };
        await worker.SendAsync(Worker.Command("busy"));
        await RunsAsync(worker);
        await worker.SendAsync(Worker.Command("queued"));
        await worker.StopJobAsync("queued");
        await Eventually.HoldsAsync("the stop is noted", () => worker.Get<StopBook>().Find("r", "queued", null) is not null);

        go.SetResult();

        var end = await worker.EndAsync("queued");
        Assert.Equal((JobState.Stopped, 1L, 0L, 0L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal(JobState.Complete, (await worker.EndAsync("busy")).FinalState);
        await worker.LogsAsync(1, "busy");
        Assert.Empty(worker.Store.Of("queued"));
    }

    [Fact]
    public async Task A_stopped_job_resumes_with_the_counters_it_ended_with()
    {
        await using var worker = await Worker.StartAsync();
        worker.Scripts["j"] = async (context, stop) =>
        {
            context.JobData["seen"] = context.Try;
            return context.Try == 1 ? await Scripts.UntilStoppedAsync(context, stop) : JobResult.Complete();
        };
        await worker.SendAsync(Worker.Command());
        await RunsAsync(worker);
        await worker.StopJobAsync();
        var stopped = await worker.EndAsync();

        await worker.SendAsync(Worker.Command() with
        {
            PrevTries = stopped.PrevTries,
            TotalTries = stopped.TotalTries,
            JobData = stopped.JobData,
        });

        await Eventually.HoldsAsync("the resumed run ends", () => worker.Ends.Count == 2);
        var end = worker.Ends.Last();
        Assert.Equal((JobState.Complete, 1L, 1L, 2L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal([JobState.Stopped, JobState.Complete], (await worker.LogsAsync(2)).Select(log => log.State));
    }

    internal static Task RunsAsync(Worker worker) =>
        Eventually.HoldsAsync("it runs", () => worker.Get<RunnerRepo>().Items().Any(runner => runner.Status().State == JobState.Running));
}
