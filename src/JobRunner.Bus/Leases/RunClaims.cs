using System.Collections.Concurrent;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Leases;

/// <summary>The claims of this worker, one per job.</summary>
internal sealed class RunClaims
{
    private readonly ConcurrentDictionary<RunnerKey, RunClaim> _claims = new();

    /// <summary>A new claim; <see langword="null"/> when the job is claimed here already, by another copy of its command.</summary>
    public RunClaim? TryAdd(RunnerKey job)
    {
        var claim = new RunClaim(job, Release);
        return _claims.TryAdd(job, claim) ? claim : null;
    }

    public RunClaim? Find(RunnerKey job) => _claims.GetValueOrDefault(job);

    private void Release(RunClaim claim) => _claims.TryRemove(KeyValuePair.Create(claim.Job, claim));
}
