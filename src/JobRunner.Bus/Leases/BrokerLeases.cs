using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Leases;

/// <summary>Leases between the workers of a broker.</summary>
internal sealed class BrokerLeases(
    LeaseWatch watch,
    LeaseGuard guard,
    LeaseTalk talk,
    RunClaims claims,
    UntilAccepted until,
    WorkerMetrics metrics,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<BrokerLeases> logger)
    : ILeases
{
    /// <summary>For a worker that is cut off to stop its tries, which it begins when the lease is over.</summary>
    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(1);

    private TimeSpan Patience => options.Value.Lease + (options.Value.Lease / 4 < LongestMargin ? options.Value.Lease / 4 : LongestMargin);

    public async Task<RunClaim?> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken)
    {
        if (claims.TryAdd(delivery.Key) is not { } claim)
        {
            return null;
        }

        try
        {
            while (!await HeardNothingAsync(claim, cancellationToken))
            {
                if (claim.Yielded.IsCompleted)
                {
                    AcceptLog.RunLivesElsewhere(logger);
                    metrics.LeaseClaimed(takenOver: false);
                    claim.Dispose();
                    return null;
                }
            }

            await until.RunAsync("the word that a run is taken over", token => talk.TakeAsync(delivery, token), cancellationToken);
            metrics.LeaseClaimed(takenOver: true);
            return claim;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }

    public Task InContactAsync(CancellationToken cancellationToken) => guard.InContactAsync(cancellationToken);

    /// <summary>Whether a whole lease passed in which others could be heard and nobody said that the run is theirs.</summary>
    private async Task<bool> HeardNothingAsync(RunClaim claim, CancellationToken cancellationToken)
    {
        var listening = await watch.ListeningAsync(cancellationToken);
        await until.RunAsync("a question who runs a job", token => talk.AskAsync(claim, token), cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var lease = Task.Delay(Patience, time, over.Token);
        await Task.WhenAny(claim.Yielded, listening.Ended, lease);
        var passed = lease.IsCompletedSuccessfully;
        await over.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return passed && !claim.Yielded.IsCompleted && !listening.Ended.IsCompleted;
    }
}
