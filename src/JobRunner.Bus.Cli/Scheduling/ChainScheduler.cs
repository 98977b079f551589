using System.Threading.Channels;
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

    // A timer takes about 49 days; longer waits are armed again.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(40);

    private readonly Channel<Func<Task>> _inbox = Channel.CreateUnbounded<Func<Task>>(new() { SingleReader = true });
    private readonly List<ITimer> _timers = [];
    private readonly TryLogs _logs = new();
    private Dictionary<string, ChainState> _chains = [];
    private DateTimeOffset _lastSent;
    private volatile bool _logsAtEnd;

    /// <summary>Runs the chains to their end.</summary>
    /// <param name="chains">Chains that have not started, of different requests.</param>
    /// <param name="stop">Stops what runs; its results are waited for.</param>
    /// <returns>How each chain ended, in the order given.</returns>
    /// <exception cref="SchedulerBusException">The bus was lost; jobs already sent go on without this process.</exception>
    public async Task<IReadOnlyList<RequestResult>> RunAsync(IReadOnlyList<ChainState> chains, CancellationToken stop)
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
                    await LaunchAsync(chain, stop.IsCancellationRequested ? [] : chain.Start());
                }

                while (chains.Any(chain => !chain.IsDone))
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
    public IReadOnlyList<RequestResult> Results(IReadOnlyList<ChainState> chains) => [.. chains.Select(_logs.ResultOf)];

    private async Task LaunchAsync(ChainState chain, IReadOnlyList<Launch> launches)
    {
        List<Task> sends = [];
        foreach (var launch in launches)
        {
            observer.Launched(chain, launch);
            if (launch.Wait > TimeSpan.Zero)
            {
                Arm(chain, launch, time.GetUtcNow() + Min(launch.Wait, DateTimeOffset.MaxValue - time.GetUtcNow()));
            }
            else
            {
                sends.Add(SendAsync(launch.Command));
            }
        }

        await Task.WhenAll(sends);
    }

    private Task SendAsync(RunJob command) =>
        bus.SendAsync(command with { SentAt = SentNow() }, CancellationToken.None);

    private void Arm(ChainState chain, Launch launch, DateTimeOffset due)
    {
        var wait = Min(due - time.GetUtcNow(), LongestTimer);
        _timers.Add(time.CreateTimer(_ => Post(TakeDueAsync), null, wait, Timeout.InfiniteTimeSpan));

        async Task TakeDueAsync()
        {
            if (time.GetUtcNow() < due)
            {
                Arm(chain, launch, due);
            }
            else if (chain.TakeDue(launch))
            {
                await SendAsync(launch.Command);
            }
        }
    }

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
        if (_chains.TryGetValue(result.RequestId, out var chain) && chain.TryFinish(result, out var launches))
        {
            observer.Finished(chain, result);
            await LaunchAsync(chain, launches);
        }
    }

    private async Task StopAllAsync()
    {
        foreach (var chain in _chains.Values.Where(chain => !chain.IsDone))
        {
            observer.Stopping(chain);
            chain.Stop();
            if (chain.InFlight > 0)
            {
                await bus.StopAsync(new StopJob { RequestId = chain.RequestId, SentAt = SentNow() }, CancellationToken.None);
            }
        }
    }

    private static SchedulerBusException Lost(Exception? reason) => reason as SchedulerBusException ?? new(
        $"the bus is lost: {reason?.Message ?? "it brings no more results"}; jobs already sent go on without this process",
        reason);

    /// <summary>A stop applies to what was sent before it: no two sends of this process have the same time.</summary>
    private DateTimeOffset SentNow()
    {
        var now = time.GetUtcNow();
        return _lastSent = now > _lastSent ? now : _lastSent.AddTicks(1);
    }

    private async Task AwaitLogsAsync(IReadOnlyList<ChainState> chains)
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

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
