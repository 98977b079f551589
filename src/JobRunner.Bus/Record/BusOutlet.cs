using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>The outlet of a bus that ends with this process.</summary>
internal sealed class BusOutlet(IBus bus) : IOutlet
{
    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) => LogAsync(log, TraceHeaders.CurrentContext(), cancellationToken);

    public Task FinishedAsync(RunEndNews end, CancellationToken cancellationToken) =>
        FinishedAsync(end, TraceHeaders.CurrentContext(), cancellationToken);

    public (Task Logged, Task Told) Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        var logged = LogAsync(log, logTrace, cancellationToken);
        return (logged, TellAfterAsync(logged, end, endTrace, cancellationToken));
    }

    private Task LogAsync(JobLogRecorded log, ActivityContext trace, CancellationToken cancellationToken) =>
        bus.Publish(log, context => TraceHeaders.Inject(context.Headers, trace), cancellationToken);

    private Task FinishedAsync(RunEndNews end, ActivityContext trace, CancellationToken cancellationToken) => bus.Publish(
        end.Finished,
        context =>
        {
            context.Headers.Set(WorkerHeaders.At, $"{end.At.ToUnixTimeMilliseconds()}");
            TraceHeaders.Inject(context.Headers, trace);
        },
        cancellationToken);

    private async Task TellAfterAsync(Task logged, RunEndNews end, ActivityContext trace, CancellationToken cancellationToken)
    {
        await logged;
        await FinishedAsync(end, trace, cancellationToken);
    }
}
