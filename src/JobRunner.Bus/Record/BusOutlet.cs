using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>The outlet of a bus that ends with this process.</summary>
internal sealed class BusOutlet(IBus bus, TimeProvider time) : IOutlet
{
    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) => bus.Publish(log, cancellationToken);

    public Task FinishedAsync(JobFinished finished, CancellationToken cancellationToken) => bus.Publish(
        finished,
        context => context.Headers.Set(WorkerHeaders.At, $"{time.GetUtcNow().ToUnixTimeMilliseconds()}"),
        cancellationToken);

    public (Task Logged, Task Told) Both(JobLogRecorded log, JobFinished finished, CancellationToken cancellationToken)
    {
        var logged = LogAsync(log, cancellationToken);
        return (logged, TellAfterAsync(logged, finished, cancellationToken));
    }

    private async Task TellAfterAsync(Task logged, JobFinished finished, CancellationToken cancellationToken)
    {
        await logged;
        await FinishedAsync(finished, cancellationToken);
    }
}
