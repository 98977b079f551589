using System.Collections.Concurrent;
using System.Threading.Channels;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>
/// Results of the embedded worker. A job counts as finished once its last log was stored, or could not be at its first
/// delivery: the process ends with the request, and what it has not stored soon after that is gone.
/// </summary>
internal sealed class EmbeddedResults
{
    private readonly Channel<JobFinished> _finished = Channel.CreateUnbounded<JobFinished>();
    private readonly Channel<JobLogRecorded> _logs = Channel.CreateUnbounded<JobLogRecorded>();
    private readonly ConcurrentDictionary<(string RequestId, string JobId, long Try), TaskCompletionSource> _stored = new();
    private readonly ConcurrentDictionary<(string RequestId, string JobId), long> _loggedBefore = new();

    public ChannelReader<JobFinished> Finished => _finished.Reader;

    public ChannelReader<JobLogRecorded> Logs => _logs.Reader;

    /// <summary>A run has ended, and its logs were stored or could not be. Whoever is told must be quick, and must not throw.</summary>
    public event Action<JobFinished>? Ended;

    /// <summary>A command is about to be sent: only logs numbered above its count will come.</summary>
    public void Expect(RunJob command) => _loggedBefore[(command.RequestId, command.Job.Id)] = command.TotalTries;

    /// <summary>A log was stored, or could not be at its first delivery.</summary>
    public void LogDone(JobLogRecorded log)
    {
        _logs.Writer.TryWrite(log);
        Stored(log.RequestId, log.JobId, log.Try).TrySetResult();
    }

    /// <summary>A run has ended.</summary>
    public async Task FinishedAsync(JobFinished finished, CancellationToken cancellation)
    {
        var from = _loggedBefore.GetValueOrDefault((finished.RequestId, finished.JobId));
        for (var number = from + 1; number <= finished.TotalTries; number++)
        {
            await Stored(finished.RequestId, finished.JobId, number).Task.WaitAsync(cancellation);
            _stored.TryRemove((finished.RequestId, finished.JobId, number), out _);
        }

        Ended?.Invoke(finished);
        _finished.Writer.TryWrite(finished);
    }

    private TaskCompletionSource Stored(string requestId, string jobId, long number) => _stored.GetOrAdd(
        (requestId, jobId, number), _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
