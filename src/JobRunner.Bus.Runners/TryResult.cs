using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>What a try came to, whatever its job returned or threw.</summary>
internal static class TryResult
{
    /// <summary>The result of a job's work; a job that throws has failed (seed).</summary>
    /// <param name="work">The work.</param>
    /// <param name="stopped">The token by which the job was told to stop.</param>
    public static async Task<JobResult> OfAsync(Task<JobResult> work, CancellationToken stopped)
    {
        try
        {
            return await work ?? Panicked("the job returned no result");
        }
        catch (JobException error)
        {
            return (error.Result ?? JobResult.Fail("")) with { Error = error.Message };
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }
        catch (Exception error)
        {
            return Panicked(error.Message) with { Stderr = error.ToString() };
        }
    }

    /// <summary>A try out of time has failed, whatever it returned; unless it completed after all.</summary>
    public static JobResult OutOfTime(JobResult result, TimeSpan timeout)
    {
        if (result.State == JobState.Complete)
        {
            return result;
        }

        var error = $"the try took longer than its timeout of {GoDuration.FromTimeSpan(timeout)}";
        return result with
        {
            State = JobState.Fail,
            Exit = result.Exit == 0 ? 1 : result.Exit,
            Error = string.IsNullOrEmpty(result.Error) ? error : $"{error}: {result.Error}",
        };
    }

    private static JobResult Panicked(string what) => JobResult.Fail("panic from job.Run: " + what);
}
