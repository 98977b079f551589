using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JobRunner.Bus.Leases;

/// <summary>Asks who runs a job, answers for those that run here, and hears what others ask and answer.</summary>
internal sealed class LeaseTalk(
    BrokerLink link, RunnerRepo repo, RunClaims claims, Questions questions, UntilAccepted until, WorkerName worker, ILogger<LeaseTalk> logger)
{
    private const int JobsPerMessage = 1000;

    /// <summary>
    /// The claim that this version names. Workers of the version before hold claims while they wait for a lease, the lower one wins, and
    /// theirs are all lower: they go on as they did, and this version leaves the run to them.
    /// </summary>
    private const string HighestClaim = "~";

    /// <summary>Asks all workers who runs the job.</summary>
    public Task AskAsync(RunnerKey job, CancellationToken cancellationToken) =>
        SayAsync(new LeaseMessage(worker.Value, Asks: new LeasedJob(job.RequestId, job.JobId), Claim: HighestClaim), cancellationToken);

    /// <summary>Tells all workers that this leg is taken over: one that was paused, or whose answer came too late, hears it here.</summary>
    public Task TakeAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
        SayAsync(new LeaseMessage(worker.Value, Claim: HighestClaim, Takes: LeasedLeg.Of(delivery)), cancellationToken);

    /// <summary>Tells all workers that this job runs here, for as long as it does: it is asked for only once.</summary>
    public Task AnswerAsync(RunnerKey job, CancellationToken cancellationToken) => until.RunAsync(
        "the answer that a run lives here",
        token => IsMine(job) ? SayAsync(new LeaseMessage(worker.Value, Holds: [new LeasedJob(job.RequestId, job.JobId)]), token) : Task.CompletedTask,
        cancellationToken);

    /// <summary>Tells all workers which jobs run here, those that are about to be abandoned too.</summary>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        var jobs = repo.Alive().Select(run => new LeasedJob(run.Key.RequestId, run.Key.JobId));
        foreach (var some in jobs.Chunk(JobsPerMessage))
        {
            await SayAsync(new LeaseMessage(worker.Value, Holds: some.ToList()), cancellationToken);
        }
    }

    /// <summary>Takes in what a worker said; answers if it concerns a run that is here.</summary>
    public async Task HearAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        LeaseMessage? said;
        try
        {
            said = JsonSerializer.Deserialize(body.Span, LeaseJson.Default.LeaseMessage);
        }
        catch (JsonException)
        {
            // Not from a worker: nobody else has a say here.
            return;
        }

        if (said?.Asks is { } asked)
        {
            // One's own too: what others say to it comes after it.
            questions.Asked(asked.Key);
        }

        if (said is null || said.Worker == worker.Value)
        {
            return;
        }

        foreach (var held in said.Holds ?? [])
        {
            questions.Answered(held.Key);
        }

        if (said.Takes is { } taken)
        {
            TakenOver(taken, said);
        }

        if (said.Asks is { } job && IsMine(job.Key))
        {
            await AnswerAsync(job.Key, cancellationToken);
        }
    }

    private void TakenOver(LeasedLeg taken, LeaseMessage said)
    {
        var job = new RunnerKey(taken.RequestId, taken.JobId);
        questions.Forget(job);
        // Two copies of a command. What the other worker has read in the journal, or soon runs, is not in what was read here; and it may
        // have heard of this claim before it made its own. Where both yield, both try again, at different times.
        if (claims.Find(job) is { } claim)
        {
            claim.Yield();
        }

        if (repo.TryGet(job, out var runner) && runner.Alive() is { } live && LeasedLeg.Of(live.Delivery) == taken)
        {
            AcceptLog.RunTakenOver(logger, taken.RequestId, taken.JobId, said.Worker);
            live.Abandon(logger);
        }
    }

    private bool IsMine(RunnerKey job) => claims.Find(job) is { HasYielded: false } || (repo.TryGet(job, out var runner) && runner.Alive() is not null);

    private Task SayAsync(LeaseMessage message, CancellationToken cancellationToken) => link.PublishAsync(
        Names.RunLease,
        "",
        // Of use only to workers that listen now.
        new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Transient },
        JsonSerializer.SerializeToUtf8Bytes(message, LeaseJson.Default.LeaseMessage),
        mandatory: false,
        cancellationToken);
}
