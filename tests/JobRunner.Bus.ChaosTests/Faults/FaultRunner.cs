using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.ChaosTests.Load;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>Breaks things, one after another and some at once, and mends them.</summary>
public sealed class FaultRunner(
    RabbitMqNode node, IReadOnlyList<ChaosWorker> workers, StubRequestManager manager, Scheduler scheduler, TriesUnderWay underWay, Recording history, TimeSpan lease)
{
    private readonly List<Task> _mending = [];
    private bool _brokerAway;
    private bool _managerAway;

    /// <summary>Breaks something as the plan says; returns when it is broken, for brokers when it is mended.</summary>
    /// <returns>Whether it was done: not when what it needs is broken already.</returns>
    public async Task<bool> InjectAsync(PlannedFault fault)
    {
        ArgumentNullException.ThrowIfNull(fault);
        switch (fault.Kind)
        {
            case FaultKind.RequestManagerDown when !_managerAway:
                _managerAway = true;
                Note(fault, hitsTries: false);
                await manager.GoDownAsync();
                _mending.Add(MendAsync(fault.Lasts, async () =>
                {
                    await manager.ComeUpAsync();
                    _managerAway = false;
                }));
                return true;

            case FaultKind.KillBroker or FaultKind.RestartBroker when !_brokerAway && !workers.Any(worker => worker.IsBusy):
                await WithoutBrokerAsync(fault);
                return true;

            case FaultKind.RequestManagerDown or FaultKind.KillBroker or FaultKind.RestartBroker:
                return false;

            default:
                var worker = workers[fault.Worker % workers.Count];
                if (worker.IsBusy)
                {
                    return false;
                }

                worker.IsBusy = true;
                _mending.Add(HitAsync(worker, fault));
                return true;
        }
    }

    /// <summary>Waits until all is mended.</summary>
    public Task MendedAsync() => Task.WhenAll(_mending);

    private async Task WithoutBrokerAsync(PlannedFault fault)
    {
        _brokerAway = true;
        await scheduler.Sending.WaitAsync();
        try
        {
            Note(fault, hitsTries: false);
            // A dead broker refuses; a proxy in front of it would take connections.
            foreach (var worker in workers)
            {
                worker.Link.Refuse();
            }

            await (fault.Kind == FaultKind.KillBroker ? node.KillAsync() : node.ShutDownAsync());
            await Task.Delay(fault.Lasts / 4);
            await node.StartServerAsync();
            foreach (var worker in workers)
            {
                worker.Link.Accept();
            }
        }
        finally
        {
            scheduler.Sending.Release();
            _brokerAway = false;
        }
    }

    private async Task HitAsync(ChaosWorker worker, PlannedFault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.KillWorker:
                Note(fault, hitsTries: true);
                await worker.Process.KillAsync();
                await worker.StartAgainAsync();
                break;

            case FaultKind.DrainWorker:
                Note(fault, hitsTries: false);
                await worker.Process.TerminateAsync();
                await worker.StartAgainAsync();
                break;

            case FaultKind.PauseWorker:
                Note(fault, hitsTries: true);
                await worker.Process.PauseAsync();
                worker.Link.Cut();
                await Task.Delay(lease + lease / 2 + fault.Lasts);
                await worker.Process.ContinueAsync();
                break;

            case FaultKind.CutConnection:
                Note(fault, hitsTries: false);
                worker.Link.Cut();
                break;

            default:
                Note(fault, hitsTries: true);
                worker.Link.Swallow();
                await Task.Delay(lease + lease / 2 + fault.Lasts);
                worker.Link.Heal();
                break;
        }

        worker.IsBusy = false;
    }

    private void Note(PlannedFault fault, bool hitsTries) =>
        history.Add(new FaultInjected(DateTimeOffset.UtcNow, fault.Kind.ToString(), hitsTries ? underWay.Take() : 0));

    private static async Task MendAsync(TimeSpan after, Func<Task> mend)
    {
        await Task.Delay(after);
        await mend();
    }
}
