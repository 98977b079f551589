using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Errors;
using JobRunner.Bus.Record;
using JobRunner.Bus.Telemetry;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Accept.Refuse;

/// <summary>
/// Before a command that could not be run goes to the error queue: tells its scheduler, where the command says whose it
/// is, that the job has failed and why.
/// </summary>
internal sealed class TellSchedulerFilter(JobFinishedPublisher finished, WorkerMetrics metrics, ILogger<TellSchedulerFilter> logger) : IFilter<ExceptionReceiveContext>
{
    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        if (context.Exception is GivenBackException)
        {
            // Thrown on, it makes the bus return the delivery to its queue.
            ExceptionDispatchInfo.Throw(context.Exception);
        }

        var reason = Reasons.Bounded(context.Exception.Message);
        var command = PartialCommand.Read(CommandBytes(context));
        using var span = MessageSpans.Refuse(context).Of(command.RequestId, command.JobId);
        metrics.CommandRefused();
        AcceptLog.CommandRefused(logger, Reasons.Bounded(command.RequestId), Reasons.Bounded(command.JobId), reason);
        if (command.NamesJob && context.Exception is not RefusedException { TellScheduler: false })
        {
            await finished.PublishAsync(new JobFinished
            {
                RequestId = command.RequestId,
                JobId = command.JobId,
                FinalState = JobState.Fail,
                PrevTries = command.PrevTries,
                TotalTries = command.TotalTries,
                Error = reason,
            });
        }

        await next.Send(context);
    }

    /// <summary>The command itself, out of its envelope if it has one.</summary>
    private static byte[] CommandBytes(ExceptionReceiveContext context)
    {
        var bytes = context.Body.GetBytes();
        if (context.ContentType?.MediaType != Serialization.WireDeserializer<RunJob>.EnvelopeType.MediaType)
        {
            return bytes;
        }

        try
        {
            using var envelope = JsonDocument.Parse(bytes);
            return envelope.RootElement.ValueKind == JsonValueKind.Object && envelope.RootElement.TryGetProperty("message", out var message)
                ? JsonMarshal.GetRawUtf8Value(message).ToArray()
                : bytes;
        }
        catch (JsonException)
        {
            return bytes;
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("tellScheduler");
}
