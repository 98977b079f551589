using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Leases;

/// <summary>
/// Abandons all runs when this worker has been out of contact with the broker for a lease: others may have them by then. Counts by a
/// monotonic clock: one that is set must not cost a run.
/// </summary>
internal sealed class LeaseGuard(RunnerRepo repo, IOptions<WorkerOptions> options, TimeProvider time, ILogger<LeaseGuard> logger) : ITryGate
{
    private const int ChecksPerLease = 10;

    private static readonly TimeSpan WhileOutOfContact = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock = BootTime.Of(time);
    private readonly TimeSpan _lease = options.Value.Lease;
    private long _contactAt;
    private volatile bool _watched;
    private volatile bool _cutOff;

    /// <summary>This moment, to tell of later.</summary>
    public long Now() => _clock.GetTimestamp();

    /// <summary>Looks at the clock until it is told to end; never late by more than a tenth of the lease.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        if (!_watched)
        {
            Contact(Now());
            _watched = true;
        }

        while (!cancellationToken.IsCancellationRequested)
        {
            var looked = Now();
            await Task.Delay(_lease / ChecksPerLease, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsOver && _clock.GetElapsedTime(looked) > _lease / 2)
            {
                // This process was paused, and asked the broker nothing meanwhile: it may do so now. Until then nothing leaves.
                await Task.Delay(_lease / ChecksPerLease, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            AbandonIfOver();
        }
    }

    /// <summary>
    /// There is contact anew since this moment, or the broker is down for all: what was delivered before lasts only if the lease does. This
    /// process may have been paused until now, before its guard has looked.
    /// </summary>
    public void Renew(long moment)
    {
        AbandonIfOver();
        Contact(moment);
    }

    /// <summary>The contact that there was has lasted until this moment.</summary>
    public void Contact(long moment)
    {
        lock (_lock)
        {
            Volatile.Write(ref _contactAt, moment);
            _cutOff = false;
        }
    }

    /// <inheritdoc/>
    public bool IsOpen => !_watched || (!IsOver && !_cutOff);

    /// <inheritdoc/>
    /// <remarks>A try must not start between the waking of this process from a pause and the guard's own.</remarks>
    public Task OpensAsync(CancellationToken cancellationToken) => InContactAsync(cancellationToken);

    /// <summary>
    /// Completes at once unless this worker has been out of contact for a lease; then when it is in contact again. What
    /// wakes after a long pause asks here before the guard has woken up, too.
    /// </summary>
    public Task InContactAsync(CancellationToken cancellationToken) =>
        IsOpen ? Task.CompletedTask : WaitForContactAsync(cancellationToken);

    /// <summary>Abandons the runs if the lease is over.</summary>
    public void AbandonIfOver()
    {
        lock (_lock)
        {
            if (_cutOff || !IsOver)
            {
                return;
            }

            _cutOff = true;
        }

        var runs = repo.Alive().ToList();
        if (runs.Count > 0)
        {
            AcceptLog.LeaseOver(logger, _lease, runs.Count);
        }

        runs.ForEach(run => run.Abandon(logger));
    }

    private bool IsOver => _clock.GetElapsedTime(Volatile.Read(ref _contactAt)) >= _lease;

    private async Task WaitForContactAsync(CancellationToken cancellationToken)
    {
        while (IsOver || _cutOff)
        {
            await Task.Delay(WhileOutOfContact, time, cancellationToken);
        }
    }
}
