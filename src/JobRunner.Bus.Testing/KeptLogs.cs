using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Testing;

/// <summary>Keeps the logs.</summary>
internal sealed class KeptLogs : IJobLogSink
{
    private readonly ConcurrentQueue<JobLogRecorded> _logs = new();

    public IReadOnlyList<JobLogRecorded> All => [.. _logs];

    public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken = default)
    {
        _logs.Enqueue(log);
        return Task.CompletedTask;
    }
}
