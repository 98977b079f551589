using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Tests.Runs;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>StopJob as MassTransit sees it.</summary>
public sealed class StopJobHarnessTests
{
    [Fact]
    public async Task A_stop_is_consumed_and_the_run_it_is_meant_for_ends_STOPPED()
    {
        await using var worker = await WorkerHarness.StartAsync();
        var runs = new TaskCompletionSource();
        worker.Scripts["j"] = (context, stop) =>
        {
            runs.SetResult();
            return Scripts.UntilStoppedAsync(context, stop);
        };
        await worker.Bus.Bus.Publish(Worker.Command());
        await runs.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await worker.Bus.Bus.Publish(new StopJob { RequestId = "r", JobId = "j", SentAt = TimeProvider.System.GetUtcNow() });

        Assert.True(await worker.Bus.GetConsumerHarness<StopJobConsumer>().Consumed.Any<StopJob>(consumed => consumed.Exception is null));
        Assert.True(await worker.Bus.Published.Any<JobFinished>(end => end.Context.Message is { JobId: "j", FinalState: JobState.Stopped }));
        Assert.True(await worker.Bus.Consumed.Any<RunJob>(consumed => consumed.Exception is null));
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_its_job_and_the_next_stop_is_consumed_meanwhile()
    {
        await using var worker = await WorkerHarness.StartAsync();
        var (runs, stopped, go) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        worker.Scripts["slow"] = async (_, stop) =>
        {
            runs.SetResult();
            await using var told = stop.Register(() => stopped.TrySetResult());
            await go.Task;
            return JobResult.Complete();
        };
        await worker.Bus.Bus.Publish(Worker.Command("slow"));
        await runs.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await worker.Bus.Bus.Publish(new StopJob { RequestId = "r", JobId = "slow", SentAt = TimeProvider.System.GetUtcNow() });
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await worker.Bus.Bus.Publish(new StopJob { RequestId = "other", SentAt = TimeProvider.System.GetUtcNow() });

        Assert.True(await worker.Bus.Consumed.Any<StopJob>(consumed => consumed.Context.Message.RequestId == "other"));
        go.SetResult();
        Assert.True(await worker.Bus.Published.Any<JobFinished>(end => end.Context.Message is { JobId: "slow", FinalState: JobState.Complete }));
    }

    [Fact]
    public async Task A_stop_that_names_no_request_is_consumed_without_a_fault()
    {
        await using var worker = await WorkerHarness.StartAsync();

        await worker.Bus.Bus.Publish(new StopJob { RequestId = " " });

        Assert.True(await worker.Bus.Consumed.Any<StopJob>(consumed => consumed.Exception is null));
    }
}
