using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>The outlet of a bus that ends with this process.</summary>
internal sealed class BusOutlet(IBus bus) : IOutlet
{
    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) => bus.Publish(log, cancellationToken);

    public Task FinishedAsync(RunEndNews end, CancellationToken cancellationToken) => bus.Publish(
        end.Finished,
        context => context.Headers.Set(WorkerHeaders.At, $"{end.At.ToUnixTimeMilliseconds()}"),
        cancellationToken);

    public (Task Logged, Task Told) Both(JobLogRecorded log, RunEndNews end, CancellationToken cancellationToken)
    {
        var logged = LogAsync(log, cancellationToken);
        return (logged, TellAfterAsync(logged, end, cancellationToken));
    }

    private async Task TellAfterAsync(Task logged, RunEndNews end, CancellationToken cancellationToken)
    {
        await logged;
        await FinishedAsync(end, cancellationToken);
    }
}
