using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Leases;

/// <summary>
/// Keeps a run from living twice. Nobody can tell a dead worker from one that is cut off: so whoever gets a command that
/// was delivered before waits for a lease before it takes the run over, and a worker that is cut off for as long gives
/// its runs up.
/// </summary>
internal interface ILeases
{
    /// <summary>Waits up to the lease for whoever still runs the job of this command.</summary>
    /// <returns>
    /// The right to take the run over, until disposed of, and whoever still runs it has been told so;
    /// <see langword="null"/> when it lives on another worker.
    /// </returns>
    Task<RunClaim?> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken);

    /// <summary>Completes at once while runs may start here; waits while this worker is cut off.</summary>
    Task InContactAsync(CancellationToken cancellationToken);
}

/// <summary>For a bus that ends with this process: there is no other worker.</summary>
internal sealed class NoLeases(RunClaims claims) : ILeases
{
    public Task<RunClaim?> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
        Task.FromResult(claims.TryAdd(delivery.Key));

    public Task InContactAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
