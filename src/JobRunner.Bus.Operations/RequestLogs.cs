using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations;

/// <summary>The job logs of a request in the broker's journal, which has those of all workers, whatever machine they are on.</summary>
/// <param name="requestId">The request.</param>
/// <param name="time">The clock.</param>
/// <param name="since">From when on the journal may know of it; <see langword="null"/> for all that it holds.</param>
/// <param name="keep">What is kept of a log; all of it where absent.</param>
internal sealed class RequestLogs(string requestId, TimeProvider time, DateTimeOffset? since = null, Func<JobLogRecorded, JobLogRecorded>? keep = null)
{
    private readonly Dictionary<(string JobId, long Try), JobLogRecorded> _found = [];
    private readonly byte[] _id = Encoding.UTF8.GetBytes(requestId);
    private DateTimeOffset? _readUpTo = since;

    /// <summary>What was found so far, by job and try.</summary>
    public IReadOnlyDictionary<(string JobId, long Try), JobLogRecorded> Found => _found;

    /// <summary>Reads on from where it was last; what came before is known.</summary>
    /// <exception cref="SchedulerBusException">The journal cannot be read.</exception>
    public async Task ReadAsync(IRepairBroker broker, CancellationToken stop)
    {
        var from = time.GetUtcNow();
        await broker.ReadJournalAsync(_readUpTo, Take, stop);
        _readUpTo = from;
    }

    private ValueTask Take(JournalMessage message)
    {
        // Most are of other requests, and need not be parsed.
        if (message.Exchange == Names.JobLogRecorded && (message.Body.Span.IndexOf(_id) >= 0 || message.Body.Span.Contains((byte)'\\')))
        {
            try
            {
                var log = Wire.Deserialize<JobLogRecorded>(message.Body.Span);
                if (log.RequestId == requestId)
                {
                    _found.TryAdd((log.JobId, log.Try), keep is null ? log : keep(log));
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
