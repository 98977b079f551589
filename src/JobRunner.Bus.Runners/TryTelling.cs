using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>What becomes of telling a job to stop.</summary>
internal static class TryTelling
{
    /// <summary>Returns the job's own error in being told, or that its time to stop is over; null for neither. Never throws.</summary>
    public static async Task<string?> WatchAsync(Task told, TimeSpan stopTimeout, TimeProvider time)
    {
        try
        {
            await told.WaitAsync(stopTimeout, time);
            return null;
        }
        catch (TimeoutException) when (!told.IsCompleted)
        {
            ObserveLater(told);
            return $"the job's stop did not return within {GoDuration.FromTimeSpan(stopTimeout)}";
        }
        catch (AggregateException error) when (error.InnerExceptions is [var thrownByCallback])
        {
            return thrownByCallback.Message;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    private static void ObserveLater(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
