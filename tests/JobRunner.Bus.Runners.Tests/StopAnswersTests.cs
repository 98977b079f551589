using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R4: what whoever asked for a stop is told, and when.</summary>
public sealed class StopAnswersTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_stop_waits_until_the_job_has_stopped()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task);
        var runner = _rig.Make(job);
        var run = await Running(runner, job);

        var stop = runner.StopAsync();
        await Wait.Until(() => job.Stops == 1, "the job is told");
        Assert.False(stop.IsCompleted);
        end.SetResult(JobResult.Stopped());

        await stop.InTime();
        await run.InTime();
    }

    [Fact]
    public async Task Every_asker_gets_the_same_answer_with_the_jobs_own_stop_error_and_the_job_is_told_once()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped(), stop: () => throw new InvalidOperationException("cannot kill"));
        var runner = _rig.Make(job);
        var run = await Running(runner, job);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(runner.StopAsync))).InTime();
        var late = await runner.StopAsync().InTime();

        Assert.All([.. answers, late], answer =>
            Assert.Equal(new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped, "cannot kill"), answer));
        Assert.Equal(1, job.Stops);
        await run.InTime();
    }

    public static TheoryData<Exception> StopErrors =>
    [
        new TimeoutException("took too long"),
        new ObjectDisposedException("process"),
        new AggregateException("two", new InvalidOperationException("a"), new InvalidOperationException("b")),
    ];

    [Theory]
    [MemberData(nameof(StopErrors), DisableDiscoveryEnumeration = true)]
    public async Task A_stop_error_of_any_type_reaches_the_asker(Exception error)
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped(), stop: () => Task.FromException(error));
        var runner = _rig.Make(job);
        var run = await Running(runner, job);

        Assert.Equal(error.Message, (await runner.StopAsync().InTime()).Error);
        await run.InTime();
    }

    [Fact]
    public async Task What_the_jobs_token_callback_throws_reaches_the_asker_in_its_own_words()
    {
        var running = new TaskCompletionSource();
        var job = new FakeJob(async (_, stopToken) =>
        {
            // Never taken back: the job may go on before it is called.
            stopToken.Register(() => throw new InvalidOperationException("callback broke"));
            running.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopToken);
            return JobResult.Complete();
        });
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await running.Task.InTime();

        Assert.Equal("callback broke", (await runner.StopAsync().InTime()).Error);
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
    }

    [Fact]
    public async Task A_first_stop_after_the_run_tells_how_it_ended_even_once_its_runner_is_disposed_of()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        var runner = _rig.Make(job);
        await runner.RunAsync().InTime();
        await runner.DisposeAsync();

        Assert.Equal(new StopResult(StopOutcome.AlreadyFinished, JobState.Complete), await runner.StopAsync().InTime());
        runner.HandOver();
        runner.CutTry();
        Assert.Equal(0, job.Stops);
    }

    private static async Task<Task<Return>> Running(Runner runner, FakeJob job)
    {
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        return run;
    }
}
