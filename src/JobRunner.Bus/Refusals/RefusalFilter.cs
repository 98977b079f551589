using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>Tells the scheduler of a refused command, which is in the error queue, that its job has failed and why; where the command says whose it is.</summary>
internal sealed class RefusalFilter(IServiceProvider services, WorkerMetrics metrics, ILogger<RefusalFilter> logger) : IFilter<ExceptionReceiveContext>
{
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        using var span = MessageSpans.Refuse(context);
        var reason = Reasons.Bounded(context.Exception.Message);
        var command = PartialCommand.Read(context.Body.GetBytes(), WireEnvelope.Is(context.ContentType?.MediaType));
        metrics.CommandRefused();
        AcceptLog.CommandRefused(logger, command.ToString(), reason);
        if (!command.NamesJob || context.Exception is RefusedException { TellScheduler: false })
        {
            return;
        }

        // Not asked for earlier: endpoints can be made together with the bus that it publishes on.
        var finished = services.GetRequiredService<JobFinishedPublisher>();
        await (context.Exception is RefusedException { Run: { } run }
            ? finished.PublishAsync(run.Command, run.Result)
            : finished.PublishAsync(new JobFinished
            {
                RequestId = command.RequestId,
                JobId = command.JobId,
                FinalState = JobState.Fail,
                PrevTries = command.PrevTries,
                TotalTries = command.TotalTries,
                Error = reason,
            }));
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("refusal");
}
