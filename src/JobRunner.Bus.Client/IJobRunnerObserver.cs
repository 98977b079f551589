using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <summary>
/// Told what happens, as it happens. Results and logs come one after another, in the order of the queue: the logs of a run
/// before its result. Whoever is told must be quick, and must not throw. What was told before a connection was lost may be
/// told again after it.
/// </summary>
public interface IJobRunnerObserver
{
    /// <summary>A result arrived; of any scheduler's job.</summary>
    void OnResult(JobFinished result)
    {
    }

    /// <summary>A job log arrived; of any scheduler's job. Only with <see cref="JobRunnerClientOptions.ReceivesLogs"/>.</summary>
    void OnLog(JobLogRecorded log)
    {
    }

    /// <summary>The connection was lost; the client is looking for the broker.</summary>
    /// <param name="reason">Why, in one line.</param>
    void OnDisconnected(string reason)
    {
    }

    /// <summary>The connection is there again, and what arrived meanwhile is coming.</summary>
    void OnReconnected()
    {
    }

    /// <summary>The broker has an alarm: short of memory or disk space, it takes no messages. Jobs go on meanwhile.</summary>
    /// <param name="reason">The broker's words; <see langword="null"/> when the alarm is over.</param>
    void OnAlarm(string? reason)
    {
    }

    /// <summary>The broker was away for so long that results may be lost. Whoever waits for one gets the same error.</summary>
    void OnResultsLost(JobRunnerClientException reason)
    {
    }
}
