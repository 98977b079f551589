using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners.Tests.Kit;

/// <summary>Keeps the logs; a test may hold them back, or have them refused.</summary>
internal sealed class LogSink : IJobLogSink
{
    private readonly ConcurrentQueue<JobLogRecorded> _accepted = new();
    private int _asked;

    public IReadOnlyList<JobLogRecorded> Accepted => [.. _accepted];

    /// <summary>Logs that came, accepted or not.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>What every log waits for before it is accepted.</summary>
    public Func<JobLogRecorded, Task> Gate { get; set; } = _ => Task.CompletedTask;

    /// <summary>Job data kept: the try, the data, and how many logs had come before it.</summary>
    public ConcurrentQueue<(long Try, string JobData, int LogsBefore)> KeptJobData { get; } = new();

    public Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken)
    {
        KeptJobData.Enqueue((tryNumber, jobData.ToJsonString(), Asked));
        return Task.CompletedTask;
    }

    public async Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _asked);
        await Gate(log).WaitAsync(cancellationToken);
        _accepted.Enqueue(log);
    }
}
