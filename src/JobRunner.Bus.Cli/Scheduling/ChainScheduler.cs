using System.Threading.Channels;
using JobRunner.Bus.Chains;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>
/// Runs chains over a bus, each job once those it follows are COMPLETE, independent ones at once. One loop takes in
/// everything that happens, so that a chain is never changed by two threads.
/// </summary>
internal sealed class ChainScheduler(ISchedulerBus bus, TimeProvider time, IRunObserver observer)
{
    /// <summary>How long logs still on their way are waited for once every result is in.</summary>
    internal static readonly TimeSpan LogGrace = TimeSpan.FromSeconds(1);

    // A timer takes about 49 days: a wait that is not over then is armed again.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly Channel<Func<Task>> _inbox = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true });
    private readonly List<ITimer> _timers = [];
    private readonly TryLogs _logs = new();
    private Dictionary<string, TrackedChain> _chains = [];
    private volatile bool _logsAtEnd;

    /// <summary>Runs the chains to their end.</summary>
    /// <param name="chains">Chains that have not started, of different requests.</param>
    /// <param name="stop">Stops what runs; its results are waited for.</param>
    /// <returns>How each chain ended, in the order given.</returns>
    /// <exception cref="SchedulerBusException">The bus was lost; jobs already sent go on without this process.</exception>
    public async Task<IReadOnlyList<RequestResult>> RunAsync(IReadOnlyList<TrackedChain> chains, CancellationToken stop)
    {
        _chains = chains.ToDictionary(chain => chain.RequestId);
        using var ended = new CancellationTokenSource();
        var pump = PumpAsync(ended.Token);
        try
        {
            await using (stop.Register(() => Post(StopAllAsync)))
            {
                foreach (var chain in chains)
                {
                    var now = time.GetUtcNow();
                    await DoAsync(chain, stop.IsCancellationRequested ? ChainRules.Stop(chain.Now, now) : ChainRules.Start(chain.Now, now));
                }

                while (chains.Any(chain => !chain.Now.IsEnded))
                {
                    await (await _inbox.Reader.ReadAsync(CancellationToken.None))();
                }
            }

            await AwaitLogsAsync(chains);
        }
        finally
        {
            await ended.CancelAsync();
            await pump;
            foreach (var timer in _timers)
            {
                await timer.DisposeAsync();
            }
        }

        return Results(chains);
    }

    /// <summary>How the chains stand; for a run that broke off.</summary>
    public IReadOnlyList<RequestResult> Results(IReadOnlyList<TrackedChain> chains) => [.. chains.Select(_logs.ResultOf)];

    private async Task DoAsync(TrackedChain chain, ChainStep step)
    {
        List<Task> sends = [];
        foreach (var effect in chain.Take(step))
        {
            switch (effect)
            {
                case SendJob send:
                    var command = CommandOf(chain, send.JobId);
                    observer.Launched(chain, new Launch(command, TimeSpan.Zero));
                    sends.Add(bus.SendAsync(command, CancellationToken.None));
                    break;
                case AwaitJob wait:
                    observer.Launched(chain, new Launch(CommandOf(chain, wait.JobId), wait.DueAt - time.GetUtcNow()));
                    Arm(chain, wait);
                    break;
                case StopJobs stop:
                    sends.Add(bus.StopAsync(new StopJob { RequestId = chain.RequestId, SentAt = stop.SentAt }, CancellationToken.None));
                    break;
            }
        }

        await Task.WhenAll(sends);
    }

    private void Arm(TrackedChain chain, AwaitJob wait)
    {
        var left = wait.DueAt - time.GetUtcNow();
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestTimer ? left : LongestTimer;
        _timers.Add(time.CreateTimer(_ => Post(TakeDueAsync), null, left, Timeout.InfiniteTimeSpan));

        async Task TakeDueAsync()
        {
            foreach (var effect in chain.Take(ChainRules.Due(chain.Now, wait.JobId, wait.SentAt, time.GetUtcNow())))
            {
                if (effect is SendJob)
                {
                    await bus.SendAsync(CommandOf(chain, wait.JobId), CancellationToken.None);
                }
                else
                {
                    Arm(chain, wait);
                }
            }
        }
    }

    private static RunJob CommandOf(TrackedChain chain, string jobId) => chain.Now.CommandOf(chain.Now.Plan.Find(jobId)!.Value);

    private Task TakeLogAsync(JobLogRecorded log)
    {
        if (_chains.TryGetValue(log.RequestId, out var chain) && chain.Find(log.JobId) is not null && _logs.Add(log))
        {
            observer.Logged(chain, log);
        }

        return Task.CompletedTask;
    }

    private async Task TakeResultAsync(JobFinished result)
    {
        if (!_chains.TryGetValue(result.RequestId, out var chain))
        {
            return;
        }

        var before = chain.Now;
        var step = ChainRules.Finish(before, result, commandSentAt: null, time.GetUtcNow());
        if (step.State != before)
        {
            chain.Take(step);
            observer.Finished(chain, result);
            await DoAsync(chain, step);
        }
    }

    private async Task StopAllAsync()
    {
        foreach (var chain in _chains.Values.Where(chain => !chain.Now.IsEnded))
        {
            observer.Stopping(chain);
            await DoAsync(chain, ChainRules.Stop(chain.Now, time.GetUtcNow()));
        }
    }

    private static SchedulerBusException Lost(Exception? reason) => reason as SchedulerBusException ?? new(
        $"the bus is lost: {reason?.Message ?? "it brings no more results"}; jobs already sent go on without this process",
        reason);

    private async Task AwaitLogsAsync(IReadOnlyList<TrackedChain> chains)
    {
        using var grace = new CancellationTokenSource(LogGrace, time);
        try
        {
            while (!_logsAtEnd && !chains.All(_logs.AreAllOf))
            {
                await (await _inbox.Reader.ReadAsync(grace.Token))();
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SchedulerBusException)
        {
            // Every result is in; a log that is late only misses the table.
        }
    }

    private async Task PumpAsync(CancellationToken cancellation)
    {
        try
        {
            var results = bus.Finished.WaitToReadAsync(cancellation).AsTask();
            var logs = bus.Logs.WaitToReadAsync(cancellation).AsTask();
            while (true)
            {
                await (_logsAtEnd ? (Task)results : Task.WhenAny(results, logs));
                var haveResult = bus.Finished.TryRead(out var result);

                // What the bus delivered before the result is told before it.
                while (bus.Logs.TryRead(out var log))
                {
                    Post(() => TakeLogAsync(log));
                }

                if (haveResult)
                {
                    Post(() => TakeResultAsync(result!));
                }
                else if (results.IsCompleted && !await results)
                {
                    Post(() => throw Lost(reason: null));
                    return;
                }

                results = results.IsCompleted ? bus.Finished.WaitToReadAsync(cancellation).AsTask() : results;
                if (logs.IsCompleted && !_logsAtEnd)
                {
                    _logsAtEnd = !await logs;
                    logs = _logsAtEnd ? logs : bus.Logs.WaitToReadAsync(cancellation).AsTask();
                    Post(() => Task.CompletedTask);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The run is over.
        }
        catch (Exception error)
        {
            Post(() => throw Lost(error));
        }
    }

    private void Post(Func<Task> happening) => _inbox.Writer.TryWrite(happening);
}
