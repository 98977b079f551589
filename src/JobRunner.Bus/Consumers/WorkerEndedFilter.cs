using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Passes over what still arrives once the worker has ended, as on a link that hung while it drained: there is nothing left
/// that it could be told to. A stop stays in its stream.
/// </summary>
internal sealed class WorkerEndedFilter(IHostApplicationLifetime lifetime) : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next) =>
        lifetime.ApplicationStopped.IsCancellationRequested ? Task.CompletedTask : next.Send(context);

    public void Probe(ProbeContext context) => context.CreateFilterScope("workerEnded");
}
