using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Record;

/// <summary>Tells schedulers that a run has ended; returns once the broker has accepted it.</summary>
internal sealed class JobFinishedPublisher(IOutlet outlet, UntilAccepted until, TimeProvider time)
{
    /// <summary>The end of a run of this command.</summary>
    public Task PublishAsync(RunJob command, Return result, CancellationToken abandoned = default) =>
        PublishAsync(new RunEndNews(End(command, result), command.SentAt, time.GetUtcNow()), command, abandoned);

    /// <summary>An end that no run came to, such as that of a refused command.</summary>
    public Task PublishAsync(JobFinished finished, CancellationToken abandoned = default) =>
        PublishAsync(new RunEndNews(finished, null, time.GetUtcNow()), abandoned);

    /// <summary>An end, told the first time or again.</summary>
    public Task PublishAsync(RunEndNews end, CancellationToken abandoned = default) => PublishAsync(end, null, abandoned);

    private async Task PublishAsync(RunEndNews end, RunJob? command, CancellationToken abandoned)
    {
        using var span = MessageSpans.Publish(Names.JobFinished, end.Finished.RequestId, end.Finished.JobId)?
            .SetTag(JobTraces.JobStateKey, end.Finished.FinalState.ToSeedName());
        await until.RunAsync("a finished job", end, outlet.FinishedAsync, RunEndNews.SmallerFor(command), abandoned);
    }

    /// <summary>What a scheduler is told of the end of a run.</summary>
    public static JobFinished End(RunJob command, Return result) => new()
    {
        RequestId = command.RequestId,
        JobId = command.Job.Id,
        FinalState = result.FinalState,
        Tries = result.Tries,
        JobDataText = result.JobDataText,
        PrevTries = result.Next.PrevTries,
        TotalTries = result.Next.TotalTries,
        Error = result.Error,
    };
}
