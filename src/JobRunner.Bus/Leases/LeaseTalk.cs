using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JobRunner.Bus.Leases;

/// <summary>Asks who runs a job, answers for those that run here, and hears what others answer.</summary>
internal sealed class LeaseTalk(BrokerLink link, RunnerRepo repo, RunClaims claims, WorkerName worker, ILogger<LeaseTalk> logger)
{
    private const int JobsPerMessage = 1000;

    /// <summary>Asks all workers who runs the job.</summary>
    public Task AskAsync(RunClaim claim, CancellationToken cancellationToken) =>
        SayAsync(new LeaseMessage(worker.Value, Asks: new LeasedJob(claim.Job.RequestId, claim.Job.JobId), Claim: claim.Id), cancellationToken);

    /// <summary>Tells all workers that this leg is taken over: one that was paused, or whose answer came too late, hears it here.</summary>
    public Task TakeAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
        SayAsync(new LeaseMessage(worker.Value, Takes: LeasedLeg.Of(delivery)), cancellationToken);

    /// <summary>Tells all workers which jobs run here, those that are about to be given up too.</summary>
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

        if (said is null || said.Worker == worker.Value)
        {
            return;
        }

        foreach (var held in said.Holds ?? [])
        {
            claims.Find(new RunnerKey(held.RequestId, held.JobId))?.Yield();
        }

        if (said.Takes is { } taken && repo.TryGet(new RunnerKey(taken.RequestId, taken.JobId), out var runner)
            && runner.Alive() is { } live && LeasedLeg.Of(live.Delivery) == taken)
        {
            AcceptLog.RunTakenOver(logger, taken.RequestId, taken.JobId, said.Worker);
            live.Abandon(logger);
        }

        if (said is { Asks: { } asked, Claim: { } theirs } && IsMine(new RunnerKey(asked.RequestId, asked.JobId), theirs))
        {
            await SayAsync(new LeaseMessage(worker.Value, Holds: [asked]), cancellationToken);
        }
    }

    private bool IsMine(RunnerKey job, string theirClaim)
    {
        if (repo.TryGet(job, out var runner) && runner.Alive() is not null)
        {
            return true;
        }

        if (claims.Find(job) is not { } mine)
        {
            return false;
        }

        if (string.CompareOrdinal(mine.Id, theirClaim) < 0)
        {
            return true;
        }

        mine.Yield();
        return false;
    }

    private Task SayAsync(LeaseMessage message, CancellationToken cancellationToken) => link.PublishAsync(
        Names.RunLease,
        "",
        // Of use only to workers that listen now.
        new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Transient },
        JsonSerializer.SerializeToUtf8Bytes(message, LeaseJson.Default.LeaseMessage),
        mandatory: false,
        cancellationToken);
}
