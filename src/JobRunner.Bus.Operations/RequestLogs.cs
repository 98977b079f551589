using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations;

/// <summary>The job logs of a request in the broker's journal, which has those of all workers, whatever machine they are on.</summary>
/// <param name="requestId">The request.</param>
/// <param name="time">The clock.</param>
/// <param name="keep">What is kept of a log; all of it where absent.</param>
/// <param name="onEnd">Told in their order the ends of runs, and what a try left as job data before its run's end.</param>
internal sealed class RequestLogs(string requestId, TimeProvider time, Func<JobLogRecorded, JobLogRecorded>? keep = null, Action<JobFinished>? onEnd = null)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string JobId, long Try), JobLogRecorded> _found = [];
    private readonly byte[] _id = Encoding.UTF8.GetBytes(requestId);
    private DateTimeOffset? _readUpTo;

    /// <summary>Reads on from where it was last; what came before is known.</summary>
    /// <param name="lookForAlarm">What the broker is short of; <see langword="null"/> when it takes messages.</param>
    /// <param name="open">Connects to the broker.</param>
    /// <param name="stop">Gives up; what was found until then is kept.</param>
    /// <exception cref="SchedulerBusException">The journal cannot be read.</exception>
    public async Task ReadAsync(Func<CancellationToken, Task<string?>> lookForAlarm, Func<CancellationToken, Task<IRepairBroker>> open, CancellationToken stop)
    {
        // A look-up puts a mark at the journal's end, and would wait for the end of the alarm.
        if (await lookForAlarm(stop) is { } alarm)
        {
            throw new SchedulerBusException($"the broker has an alarm ({alarm}). See: rabbitmq-diagnostics alarms");
        }

        await using var broker = await open(stop);
        var from = time.GetUtcNow();
        await broker.ReadStreamAsync(Names.JobJournal, _readUpTo, Take, stop);
        _readUpTo = from;
    }

    /// <summary>What is stored, and after it what only the journal has, as far as it was read.</summary>
    public IReadOnlyList<JobLogRecorded> AddTo(IReadOnlyList<JobLogRecorded> stored)
    {
        var known = stored.Select(log => (log.JobId, log.Try)).ToHashSet();
        lock (_gate)
        {
            return [.. stored, .. _found.Where(one => !known.Contains(one.Key)).Select(one => one.Value)];
        }
    }

    private ValueTask Take(StreamMessage message)
    {
        var isLog = message.Exchange == Names.JobLogRecorded;
        // Most are of other requests, and need not be parsed.
        if ((isLog || (onEnd is not null && message.Exchange != Names.RunJobWait))
            && (message.Body.Span.IndexOf(_id) >= 0 || message.Body.Span.Contains((byte)'\\')))
        {
            try
            {
                if (!isLog)
                {
                    var end = Wire.Deserialize<JobFinished>(message.Body.Span);
                    if (end.RequestId == requestId)
                    {
                        onEnd!(end);
                    }

                    return ValueTask.CompletedTask;
                }

                var log = Wire.Deserialize<JobLogRecorded>(message.Body.Span);
                lock (_gate)
                {
                    if (log.RequestId == requestId && !_found.ContainsKey((log.JobId, log.Try)))
                    {
                        _found[(log.JobId, log.Try)] = keep is null ? log : keep(log);
                    }
                }
            }
            catch (WireFormatException)
            {
                // None of ours.
            }
        }

        return ValueTask.CompletedTask;
    }
}
