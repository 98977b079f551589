using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Leases;

/// <summary>
/// Keeps a run from living twice. Nobody can tell a dead worker from one that is cut off: so a command that was delivered before is
/// left alone for a lease, while all workers are asked who runs it, and a worker that is cut off for as long abandons its runs.
/// </summary>
internal interface ILeases
{
    /// <summary>
    /// The right to take the run of this command over, until disposed of, where nobody has said for a lease that it is theirs; whoever
    /// still runs it has been told so. Where that is not known yet, all workers have been asked.
    /// </summary>
    /// <returns>The claim; without one, how long to leave the command in the broker before somebody looks again.</returns>
    Task<(RunClaim? Claim, TimeSpan LookAgainIn)> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken);

    /// <summary>Whether a copy of this command may have been delivered to any worker before, although the broker does not say so: see <see cref="BrokerLosses"/>.</summary>
    bool MayComeTwice(CommandDelivery delivery);

    /// <summary>
    /// Says that this run lives here now, where anybody has asked who runs its job, or may have: another copy of its command may have been
    /// delivered elsewhere, and asked about, before this one started.
    /// </summary>
    Task StartedAsync(CommandDelivery delivery, CancellationToken cancellationToken);

    /// <summary>Completes at once while runs may start here; waits while this worker is cut off.</summary>
    Task InContactAsync(CancellationToken cancellationToken);
}

/// <summary>For a bus that ends with this process: there is no other worker.</summary>
internal sealed class NoLeases(RunClaims claims) : ILeases
{
    public Task<(RunClaim? Claim, TimeSpan LookAgainIn)> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
        Task.FromResult((claims.TryAdd(delivery.Key), TimeSpan.FromSeconds(1)));

    public bool MayComeTwice(CommandDelivery delivery) => false;

    public Task StartedAsync(CommandDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task InContactAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
