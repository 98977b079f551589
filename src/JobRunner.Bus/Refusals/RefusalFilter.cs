using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// Sees a refused command into the error queue, then tells its scheduler, where the command says whose it is, that the job has
/// failed and why. A command that the error queue does not take goes back to its own.
/// </summary>
internal sealed class RefusalFilter(
    IServiceProvider services, UntilAccepted until, WorkerMetrics metrics, ILogger<RefusalFilter> logger) : IFilter<ExceptionReceiveContext>
{
    // Its slot must not be held for longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        using var span = MessageSpans.Refuse(context);
        if (!await KeptAsync(context, next))
        {
            return;
        }

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

    private async Task<bool> KeptAsync(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await until.RunAsync("a refused command", token => next.Send(context).WaitAsync(token), patience.Token);
            return true;
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested && CommandChannel.Requeue(context))
        {
            AcceptLog.RefusalNotKept(logger, Patience);
            return false;
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("refusal");
}
