using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Record;

/// <summary>The outlet to a broker. While this worker may have lost its runs, nothing of them leaves.</summary>
internal sealed class BrokerOutlet(BrokerLink link, ILeases leases) : IOutlet
{
    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) =>
        Send(Log(log, TraceHeaders.CurrentContext(), cancellationToken));

    public Task FinishedAsync(RunEndNews end, CancellationToken cancellationToken) =>
        Send(End(end, TraceHeaders.CurrentContext(), logsAccepted: true, cancellationToken));

    public (Task Logged, Task Told) Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        var (first, second) = (Log(log, logTrace, cancellationToken), End(end, endTrace, logsAccepted: false, cancellationToken));
        return (Send(first, second), second.Task);
    }

    // Accepted by the journal alone, or by an observer's queue, it would be lost.
    private Publication Log(JobLogRecorded log, ActivityContext trace, CancellationToken cancellationToken) => new(
        Names.JobLogRecorded, "", Properties(HeadersOf(log.RequestId), trace), Wire.Serialize(log), mandatory: true, cancellationToken)
    {
        Keeper = Names.JobLogRecorded,
        MayLeave = leases.InContactAsync,
    };

    private Publication End(RunEndNews end, ActivityContext trace, bool logsAccepted, CancellationToken cancellationToken) => new(
        Names.JobFinished, "", Properties(HeadersOf(end, logsAccepted), trace), Wire.Serialize(end.Finished), mandatory: false, cancellationToken)
    {
        MayLeave = leases.InContactAsync,
    };

    private static BasicProperties Properties(Dictionary<string, object?> headers, ActivityContext trace)
    {
        TraceHeaders.Inject(headers, trace);
        return new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Persistent, Headers = headers };
    }

    private static Dictionary<string, object?> HeadersOf(string requestId) => new(3) { [JournalFilter.ValueHeader] = requestId };

    private static Dictionary<string, object?> HeadersOf(RunEndNews end, bool logsAccepted)
    {
        var headers = HeadersOf(end.Finished.RequestId);
        headers[WorkerHeaders.At] = end.At.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        if (end.CommandSentAt is { } sentAt)
        {
            headers[WorkerHeaders.CommandSentAt] = sentAt.UtcTicks.ToString(CultureInfo.InvariantCulture);
        }

        if (logsAccepted)
        {
            headers[WorkerHeaders.LogsAccepted] = "yes";
        }

        return headers;
    }

    private Task Send(Publication first, Publication? second = null)
    {
        link.Send(first, second);
        return first.Task;
    }
}
