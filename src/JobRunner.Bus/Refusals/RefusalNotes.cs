using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// Before a command that could not be run goes to the error queue: tells its scheduler, where the command says whose it
/// is, that the job has failed and why.
/// </summary>
internal sealed class RefusalNotes(JobFinishedPublisher finished, WorkerMetrics metrics, ILogger<RefusalNotes> logger)
{
    public async Task TellAsync(byte[] body, bool isEnvelope, Exception error)
    {
        var reason = Reasons.Bounded(error.Message);
        var command = PartialCommand.Read(isEnvelope ? WireEnvelope.Open(body).Span : body);
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
}
