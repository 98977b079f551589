using System.Collections.Concurrent;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.ChaosTests.Load;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>Breaks things, one after another and some at once, and mends them.</summary>
public sealed class FaultRunner(
    RabbitMqNode node, IReadOnlyList<WorkerPlace> workers, StubRequestManager manager, Scheduler scheduler, Recording history, ChaosSettings settings)
{
    private static readonly StubAnswer BadAnswer = StubAnswer.Error(500, "Error 1205: Lock wait timeout exceeded; try restarting transaction");

    // Less and more than a lease, a wrong zone, a wrong day.
    private static readonly int[] SkewSeconds = [2, -2, 20, -20, 3_600, -3_600, 86_400];

    // RabbitMQ 4 that is killed just after it made a queue has it without a leader from then on, until somebody deletes it.
    private static readonly TimeSpan UntilQueueIsSafe = TimeSpan.FromSeconds(5);

    private readonly QueueLoss _queues = new(node, history);
    private readonly WorkerClaims _claims = new(workers);
    private readonly ConcurrentBag<Task> _mending = [];
    private volatile bool _brokerAway;
    private volatile bool _managerAway;
    private volatile StubAnswer? _everyOther;
    private int _asked;
    private int _clocksSet;

    /// <summary>What the Request Manager answers to this request instead of what it should; null: what it should.</summary>
    public StubAnswer? AnswerNow() => _everyOther is { } error && Interlocked.Increment(ref _asked) % 2 == 0 ? error : null;

    /// <summary>Breaks something as the plan says, and has it mended when its time is over.</summary>
    /// <returns>Whether it was done: not when what it needs is broken already.</returns>
    public bool Inject(PlannedFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        switch (fault.Kind)
        {
            case FaultKind.RequestManagerDown or FaultKind.RequestManagerSlow or FaultKind.RequestManagerErrors when !_managerAway:
                _managerAway = true;
                _mending.Add(WithoutManagerAsync(fault));
                return true;

            case FaultKind.KillBroker or FaultKind.RestartBroker or FaultKind.LoseQueue when !_brokerAway:
                _brokerAway = true;
                _mending.Add(WithoutBrokerAsync(fault));
                return true;

            case FaultKind.DeleteQueue when !_brokerAway:
                // The broker must stay, or what was empty is not any more.
                _brokerAway = true;
                _mending.Add(WithoutQueueAsync(fault));
                return true;

            case FaultKind.SkewClock:
                // Alone or beside any other.
                var skewed = workers[fault.Worker % workers.Count];
                skewed.SetClock(_clocksSet++ % 2 == 0 ? TimeSpan.FromSeconds(SkewSeconds[fault.Worker % SkewSeconds.Length]) : TimeSpan.Zero);
                history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), skewed.Name));
                history.Add(new FaultMended(DateTimeOffset.UtcNow, fault.Kind.ToString(), skewed.Name));
                return true;

            case FaultKind.RequestManagerDown or FaultKind.RequestManagerSlow or FaultKind.RequestManagerErrors
                or FaultKind.KillBroker or FaultKind.RestartBroker or FaultKind.LoseQueue or FaultKind.DeleteQueue:
                return false;

            default:
                if (_claims.ClaimOne(fault.Worker) is not { } worker)
                {
                    return false;
                }

                _mending.Add(HitAsync(worker, fault));
                return true;
        }
    }

    /// <summary>Waits until all is mended.</summary>
    public Task MendedAsync() => Task.WhenAll(_mending);

    private async Task WithoutManagerAsync(PlannedFault fault)
    {
        history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
        if (fault.Kind == FaultKind.RequestManagerDown)
        {
            await manager.GoDownAsync();
            await Task.Delay(fault.Lasts);
            await manager.ComeUpAsync();
        }
        else
        {
            manager.Latency = fault.Kind == FaultKind.RequestManagerSlow ? TimeSpan.FromMilliseconds(1200) : TimeSpan.Zero;
            _everyOther = fault.Kind == FaultKind.RequestManagerErrors ? BadAnswer : null;
            await Task.Delay(fault.Lasts);
            manager.Latency = TimeSpan.Zero;
            _everyOther = null;
        }

        history.Add(new FaultMended(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
        _managerAway = false;
    }

    private async Task WithoutBrokerAsync(PlannedFault fault)
    {
        string? lost = null;
        await scheduler.Sending.WaitAsync();
        try
        {
            history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
            // A dead broker refuses; a proxy in front of it would take connections.
            foreach (var worker in workers)
            {
                worker.Link.Refuse();
            }

            await (fault.Kind == FaultKind.KillBroker || (fault.Kind == FaultKind.LoseQueue && fault.Worker % 2 == 0) ? node.KillAsync() : node.ShutDownAsync());
            await Task.Delay(fault.Lasts / 4);
            await node.StartServerAsync();
            if (fault.Kind == FaultKind.LoseQueue)
            {
                // Nobody is connected, so whatever is not done is in its queue, and what is empty is empty.
                lost = await _queues.DeleteOneAsync([.. QueueLoss.Main, .. await _queues.SideAsync()], fault.Worker, TimeSpan.FromSeconds(2));
            }

            foreach (var worker in workers)
            {
                worker.Link.Accept();
            }

            history.Add(new FaultMended(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
        }
        finally
        {
            scheduler.Sending.Release();
        }

        if (lost is not null)
        {
            await _queues.WatchAsync(lost);
            await Task.Delay(UntilQueueIsSafe);
        }

        _brokerAway = false;
    }

    private async Task WithoutQueueAsync(PlannedFault fault)
    {
        var faults = new QueueFaults(node, workers, _claims, scheduler, _queues);
        var lost = await (fault.Worker % 3 == 0 && settings.DeletesMain ? faults.DeleteMainAsync(fault.Worker / 3) : faults.DeleteSideAsync(fault.Worker / 3));
        if (lost is not null)
        {
            history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
            await _queues.WatchAsync(lost);
            history.Add(new FaultMended(DateTimeOffset.UtcNow, fault.Kind.ToString(), null));
            await Task.Delay(UntilQueueIsSafe);
        }

        _brokerAway = false;
    }

    private async Task HitAsync(WorkerPlace worker, PlannedFault fault)
    {
        var name = worker.Name;
        var longer = settings.Lease + (settings.Lease / 2) + fault.Lasts;
        history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), name));
        switch (fault.Kind)
        {
            case FaultKind.KillWorker:
                await worker.Process.KillAsync();
                await Task.Delay(fault.Lasts / 4);
                await worker.StartAgainAsync();
                break;

            case FaultKind.DrainWorker:
                var exit = await worker.Process.TerminateAsync();
                if (settings.MendedFault is not { } mended || !worker.Process.Output.Contains(mended, StringComparison.Ordinal))
                {
                    history.Add(new WorkerDrained(DateTimeOffset.UtcNow, name, exit));
                }

                await worker.StartAgainAsync();
                break;

            case FaultKind.PauseWorker:
                await worker.Process.PauseAsync();
                worker.Link.Cut();
                await Task.Delay(longer);
                await worker.Process.ContinueAsync();
                break;

            case FaultKind.CutConnection:
                worker.Link.Cut();
                break;

            case FaultKind.StallLink:
                worker.Link.Stall();
                await Task.Delay(longer);
                if (fault.Worker % 2 == 0)
                {
                    worker.Link.Heal();
                }
                else
                {
                    worker.Link.Flow();
                }

                break;

            default:
                worker.Link.Swallow();
                await Task.Delay(longer);
                worker.Link.Heal();
                break;
        }

        history.Add(new FaultMended(DateTimeOffset.UtcNow, fault.Kind.ToString(), name));
        worker.IsBusy = false;
    }
}
