using System.Runtime.InteropServices;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Errors;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Accept.Refuse;

/// <summary>
/// Before a command that could not be run goes to the error queue: tells its scheduler, where the command says whose it
/// is, that the job has failed and why.
/// </summary>
internal sealed class RefusalNotes(JobFinishedPublisher finished, WorkerMetrics metrics, ILogger<RefusalNotes> logger)
{
    public async Task TellAsync(byte[] body, bool isEnvelope, Exception error)
    {
        var reason = Reasons.Bounded(error.Message);
        var command = PartialCommand.Read(isEnvelope ? InEnvelope(body) : body);
        metrics.CommandRefused();
        AcceptLog.CommandRefused(logger, Reasons.Bounded(command.RequestId), Reasons.Bounded(command.JobId), reason);
        if (command.NamesJob && error is not RefusedException { TellScheduler: false })
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
    }

    /// <summary>Whether a content type says that the command is in an envelope.</summary>
    public static bool IsEnvelope(string? contentType) =>
        contentType is not null && contentType.StartsWith(WireDeserializer<RunJob>.EnvelopeType.MediaType, StringComparison.OrdinalIgnoreCase);

    private static byte[] InEnvelope(byte[] bytes)
    {
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
}
