using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Leases;

/// <summary>Leases between the workers of a broker.</summary>
internal sealed class BrokerLeases(
    LeaseGuard guard,
    LeaseTalk talk,
    Questions questions,
    RunClaims claims,
    BrokerLosses losses,
    UntilAccepted until,
    WorkerMetrics metrics,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<BrokerLeases> logger)
    : ILeases
{
    /// <summary>A worker that has just started looks again this soon, for a while: others may have heard the question long ago.</summary>
    private static readonly TimeSpan SoonAgain = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan WhileOthersMayKnow = TimeSpan.FromSeconds(3);

    /// <summary>So little is waited out here; a stay in the broker would take longer.</summary>
    private static readonly TimeSpan ShortRest = TimeSpan.FromSeconds(1);

    private TimeSpan Patience => options.Value.TakeOverAfter;

    public async Task<(RunClaim? Claim, TimeSpan LookAgainIn)> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken)
    {
        var job = delivery.Key;
        if (Patience - questions.SilenceAbout(job) is { Ticks: > 0 } rest && rest <= ShortRest)
        {
            await Task.Delay(rest, time, cancellationToken);
        }

        if (questions.SilenceAbout(job) >= Patience && claims.TryAdd(job) is { } claim)
        {
            // Should it have to yield to another worker, which may yield as well: the two do not meet again.
            return (await TakeOverAsync(delivery, claim, cancellationToken), Random.Shared.Next(2) == 0 ? Patience : Patience / 2);
        }

        if (questions.IsAnswered(job))
        {
            AcceptLog.RunLivesElsewhere(logger);
            metrics.LeaseClaimed(takenOver: false);
        }

        var silence = questions.SilenceAbout(job);
        if (silence is null)
        {
            await until.RunAsync("a question who runs a job", token => talk.AskAsync(job, token), cancellationToken);
        }

        return (null, LookAgainIn(silence ?? TimeSpan.Zero, questions.ListensFor, Patience));
    }

    /// <summary>When to look again at a command about which there has been silence for so long: one of <see cref="WorkerOptions.WaitsToPrepare"/>.</summary>
    internal static TimeSpan LookAgainIn(TimeSpan silence, TimeSpan listensFor, TimeSpan patience)
    {
        var othersMayKnow = listensFor < patience && silence < WhileOthersMayKnow;
        var left = patience - silence;
        return othersMayKnow || left < patience / 2 ? SoonAgain
            : left < patience ? patience / 2
            : patience;
    }

    public bool MayComeTwice(CommandDelivery delivery) => delivery.Leg.Id is not null && losses.MayHaveDoubled(delivery.DueAt);

    public Task StartedAsync(CommandDelivery delivery, CancellationToken cancellationToken)
    {
        // Only a leg can have a copy: the one before it sends it again where it hears no word of the broker.
        var mayHaveBeenAsked = delivery.Leg.Id is not null && questions.ListensFor < Patience;
        return mayHaveBeenAsked || questions.SilenceAbout(delivery.Key) is not null ? talk.AnswerAsync(delivery.Key, cancellationToken) : Task.CompletedTask;
    }

    public Task InContactAsync(CancellationToken cancellationToken) => guard.InContactAsync(cancellationToken);

    /// <returns>The claim; <see langword="null"/> when another worker's word came first. Then this one's must not leave: the other would heed it.</returns>
    private async Task<RunClaim?> TakeOverAsync(CommandDelivery delivery, RunClaim claim, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, claim.Yielded);
        try
        {
            await until.RunAsync("the word that a run is taken over", token => talk.TakeAsync(delivery, token), either.Token);
            questions.Forget(delivery.Key);
            metrics.LeaseClaimed(takenOver: true);
            return claim;
        }
        catch (OperationCanceledException) when (claim.HasYielded && !cancellationToken.IsCancellationRequested)
        {
            claim.Dispose();
            return null;
        }
        catch
        {
            claim.Dispose();
            throw;
        }
    }
}
