using System.Diagnostics;
using JobRunner.Bus.ChaosTests.Load;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>Finds the moment in which a queue may go: nobody is using it, nothing is on its way to it.</summary>
internal sealed class QueueFaults(RabbitMqNode node, IReadOnlyList<WorkerPlace> workers, WorkerClaims claims, Scheduler scheduler, QueueLoss queues)
{
    // The management API tells of a queue that late.
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(6);

    /// <summary>Deletes a queue of waits, delays or failures under load, while all workers are frozen for less than half a second.</summary>
    /// <returns>Its name; none when the moment did not come.</returns>
    public async Task<string?> DeleteSideAsync(int from)
    {
        if (!await ClaimAllAsync())
        {
            return null;
        }

        try
        {
            var names = await queues.SideAsync();
            await Task.WhenAll(workers.Select(worker => worker.Process.PauseAsync()));
            return await queues.DeleteOneAsync(names, from, TimeSpan.FromMilliseconds(300));
        }
        finally
        {
            await Task.WhenAll(workers.Select(worker => worker.Process.ContinueAsync()));
            claims.ReleaseAll();
        }
    }

    /// <summary>
    /// Deletes the queue of commands or of logs once all runs have ended and all logs are delivered: what is under way lies in them
    /// unacknowledged, and would be lost.
    /// </summary>
    /// <returns>Its name; none when the moment did not come.</returns>
    public async Task<string?> DeleteMainAsync(int from)
    {
        await scheduler.Sending.WaitAsync();
        try
        {
            if (!await HoldsAsync(() => Task.FromResult(scheduler.RunsUnderWay == 0)) || !await ClaimAllAsync())
            {
                return null;
            }

            try
            {
                return await StaysEmptyAsync() ? await queues.DeleteOneAsync(QueueLoss.Main, from, TimeSpan.Zero) : null;
            }
            finally
            {
                claims.ReleaseAll();
            }
        }
        finally
        {
            scheduler.Sending.Release();
        }
    }

    private async Task<bool> StaysEmptyAsync()
    {
        var leftovers = new Leftovers(node);
        var empty = new Stopwatch();
        return await HoldsAsync(async () =>
        {
            if ((await leftovers.CountAsync()).Count > 0)
            {
                empty.Reset();
            }

            empty.Start();
            return empty.Elapsed > Lag;
        });
    }

    private Task<bool> ClaimAllAsync() => HoldsAsync(() => Task.FromResult(claims.ClaimAll()));

    private static async Task<bool> HoldsAsync(Func<Task<bool>> condition)
    {
        try
        {
            await Eventually.HoldsAsync("a moment to delete a queue", condition, TimeSpan.FromMinutes(1));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
