namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>Who breaks which worker: one fault has hold of it at a time. Safe for use by any thread.</summary>
internal sealed class WorkerClaims(IReadOnlyList<WorkerPlace> workers)
{
    private readonly Lock _lock = new();

    /// <summary>Claims the next worker that is well, so that little is left out.</summary>
    public WorkerPlace? ClaimOne(int from)
    {
        lock (_lock)
        {
            var worker = Enumerable.Range(from, workers.Count).Select(place => workers[place % workers.Count]).FirstOrDefault(one => !one.IsBusy);
            worker?.IsBusy = true;
            return worker;
        }
    }

    /// <summary>Claims every worker, or none when one of them is not well.</summary>
    public bool ClaimAll()
    {
        lock (_lock)
        {
            if (workers.Any(worker => worker.IsBusy))
            {
                return false;
            }

            SetAll(true);
            return true;
        }
    }

    /// <summary>Ends <see cref="ClaimAll"/>.</summary>
    public void ReleaseAll()
    {
        lock (_lock)
        {
            SetAll(false);
        }
    }

    private void SetAll(bool busy)
    {
        foreach (var worker in workers)
        {
            worker.IsBusy = busy;
        }
    }
}
