using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>The outlet of a bus that ends with this process.</summary>
internal sealed class BusOutlet(IBus bus, TimeProvider time) : IOutlet
{
    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) => LogAsync(log, TraceHeaders.CurrentContext(), cancellationToken);

    public Task FinishedAsync(JobFinished finished, CancellationToken cancellationToken) =>
        FinishedAsync(finished, TraceHeaders.CurrentContext(), cancellationToken);

    public (Task Logged, Task Told) Both(
        JobLogRecorded log, ActivityContext logTrace, JobFinished finished, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        var logged = LogAsync(log, logTrace, cancellationToken);
        return (logged, TellAfterAsync(logged, finished, endTrace, cancellationToken));
    }

    private Task LogAsync(JobLogRecorded log, ActivityContext trace, CancellationToken cancellationToken) =>
        bus.Publish(log, context => TraceHeaders.Inject(context.Headers, trace), cancellationToken);

    private Task FinishedAsync(JobFinished finished, ActivityContext trace, CancellationToken cancellationToken) => bus.Publish(
        finished,
        context =>
        {
            context.Headers.Set(WorkerHeaders.At, $"{time.GetUtcNow().ToUnixTimeMilliseconds()}");
            TraceHeaders.Inject(context.Headers, trace);
        },
        cancellationToken);

    private async Task TellAfterAsync(Task logged, JobFinished finished, ActivityContext trace, CancellationToken cancellationToken)
    {
        await logged;
        await FinishedAsync(finished, trace, cancellationToken);
    }
}
