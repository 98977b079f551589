using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Keeps the worker itself going beside jobs that block their threads. Heartbeats and leases run on the same thread pool, which
/// adds one or two threads a second when all are blocked: with a few dozen such jobs the worker would fall silent for longer
/// than its lease, and lose its runs. So when the pool does not get to a work item in time although it does little, it is
/// given a thread more for each try that runs.
/// </summary>
/// <remarks>The pool of a process is one: a host that sets its own minimum gets at least that.</remarks>
internal sealed class PoolWatch(IServiceProvider services, ILogger<PoolWatch> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    // A pool that is only busy does more than this in that time, also on a machine that has little time for it.
    private const long FewWorkItems = 50;

    // Raised for good, the minimum would cost throughput: the pool would start threads for every burst of short work.
    private const int CalmLooks = 300;

    private readonly ManualResetEventSlim _stopping = new();
    private Thread? _watching;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        // Only now: the host makes its services before it validates the settings that the slots come from.
        var slots = services.GetRequiredService<TrySlots>();
        // Not of the pool, which is what may be blocked.
        _watching = new Thread(() => Watch(slots)) { IsBackground = true, Name = "pool watch" };
        _watching.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping.Set();
        return Task.CompletedTask;
    }

    /// <summary>How many threads the pool should start without delay.</summary>
    /// <param name="now">How many it does now.</param>
    /// <param name="usual">How many it does when nothing is blocked.</param>
    /// <param name="triesRunning">Tries that may each block a thread.</param>
    public static int ThreadsWanted(int now, int usual, int triesRunning) =>
        // Not only a try blocks: its stop may, too. So it is raised again for as long as the pool stays blocked, to twice that at most.
        Math.Clamp(now + triesRunning, usual, usual + (2 * triesRunning));

    private void Watch(TrySlots slots)
    {
        ThreadPool.GetMinThreads(out var usual, out var ports);
        var (threads, calm) = (usual, 0);
        while (!_stopping.Wait(Interval))
        {
            var reached = new TaskCompletionSource();
            ThreadPool.UnsafeQueueUserWorkItem(static one => one.SetResult(), reached, preferLocal: false);
            for (var done = ThreadPool.CompletedWorkItemCount; !reached.Task.Wait(Patience) && !_stopping.IsSet; done = ThreadPool.CompletedWorkItemCount)
            {
                calm = 0;
                var tries = slots.InUse;
                if (ThreadPool.CompletedWorkItemCount - done < FewWorkItems && ThreadsWanted(threads, usual, tries) is var wanted && wanted > threads)
                {
                    AcceptLog.PoolBlocked(logger, threads == usual ? LogLevel.Warning : LogLevel.Debug, tries, wanted);
                    ThreadPool.SetMinThreads(threads = wanted, ports);
                }
            }

            if (threads > usual && ++calm > CalmLooks)
            {
                ThreadPool.SetMinThreads(threads = usual, ports);
            }
        }
    }

    public void Dispose()
    {
        _stopping.Set();
        _watching?.Join();
        _stopping.Dispose();
    }
}
