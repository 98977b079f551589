using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runs;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// A stop that is no StopJob is told to the operator and passed over. It stays in the stream; an error queue would get
/// a copy from every worker at every start.
/// </summary>
internal sealed class StopNotUnderstoodFilter(ILogger<StopNotUnderstoodFilter> logger) : IFilter<ExceptionReceiveContext>
{
    public Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        AcceptLog.StopRefused(logger, Reasons.Bounded(context.Exception.Message));
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("stopNotUnderstood");
}
