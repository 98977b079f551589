using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners.Tests.Kit;

/// <summary>A job that does what a test says, and counts how often it was asked.</summary>
internal sealed class FakeJob(Func<JobRunContext, CancellationToken, Task<JobResult>> run, Func<Task>? stop = null) : IJob
{
    private int _runs;
    private int _stops;

    public int Runs => Volatile.Read(ref _runs);

    public int Stops => Volatile.Read(ref _stops);

    public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        Interlocked.Increment(ref _runs);
        return run(context, stopToken);
    }

    public Task StopAsync()
    {
        Interlocked.Increment(ref _stops);
        return stop?.Invoke() ?? Task.CompletedTask;
    }

    public static FakeJob Does(Func<JobRunContext, JobResult> run) => new((context, _) => Task.FromResult(run(context)));

    /// <summary>One result per try; the last one from then on.</summary>
    public static FakeJob Returns(params JobResult[] results)
    {
        var next = 0;
        return Does(_ => results[Math.Min(next++, results.Length - 1)]);
    }

    public static FakeJob Fails() => Returns(JobResult.Fail("no"));

    public static FakeJob Throws(Exception error) => new((_, _) => Task.FromException<JobResult>(error));

    /// <summary>Runs until its stop token fires, then returns this.</summary>
    public static FakeJob RunsUntilStopped(JobResult result, Func<Task>? stop = null) => new(
        async (_, stopToken) =>
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (stopToken.Register(stopped.SetResult))
            {
                await stopped.Task;
            }

            return result;
        },
        stop);

    /// <summary>Runs until the test ends it, whoever tells it to stop.</summary>
    public static FakeJob RunsUntil(Task<JobResult> end, Func<Task>? stop = null) => new((_, _) => end, stop);

    public static JobResult In(JobState state) => new() { State = state };
}
