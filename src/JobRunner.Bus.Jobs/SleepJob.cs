using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Jobs;

/// <summary>Bytes of a <c>sleep</c> job.</summary>
internal sealed record SleepBytes
{
    /// <summary>How long, in nanoseconds; zero or less is no time at all.</summary>
    public long? Duration { get; init; }
}

/// <summary>Waits for as long as its bytes say, or until it is stopped.</summary>
internal sealed class SleepJob(TimeProvider time) : IJob
{
    // Timers reach about 49 days; longer waits go in several.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    private GoDuration _duration;

    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        var read = JobBytes.Read(bytes, JobBytesJson.Default.SleepBytes, BuiltInJobs.Sleep, """{"duration": 1000000000}""");
        _duration = new GoDuration(read.Duration ?? 0);
    }

    public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        context.ReportStatus($"sleeping {_duration}");
        var length = _duration.ToTimeSpan();
        var start = time.GetTimestamp();
        try
        {
            while (length - time.GetElapsedTime(start) is var left && left > TimeSpan.Zero)
            {
                await Task.Delay(ToWholeMilliseconds(left < LongestTimer ? left : LongestTimer), time, stopToken);
            }
        }
        catch (OperationCanceledException) when (stopToken.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }

        return JobResult.Complete();
    }

    /// <summary>Timers drop fractions of a millisecond; rounding up keeps a short wait from spinning.</summary>
    private static TimeSpan ToWholeMilliseconds(TimeSpan time) => TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds));
}
