using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Tries that must not start yet, because the run may be another's.</summary>
public sealed class TryGateTests : IDisposable
{
    private readonly Gate _gate = new();
    private readonly Rig _rig;

    public TryGateTests() => _rig = new Rig { Gate = _gate };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_try_waits_for_the_gate_with_its_slot()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        _gate.Shut();
        var run = _rig.Make(job).RunAsync();
        await Wait.Until(() => _gate.Asked == 1, "it stands before the gate");
        Assert.Equal((0, 1), (job.Runs, _rig.Slots.InUse));

        _gate.Open();

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal((1, 0), (job.Runs, _rig.Slots.InUse));
    }

    [Fact]
    public async Task The_next_try_waits_for_a_gate_that_was_shut_meanwhile()
    {
        var job = FakeJob.Fails();
        var run = _rig.Make(job, Rig.Command(retry: 1, wait: "10s")).RunAsync();
        await Wait.Until(() => _rig.Time.Timers == 1, "it waits");

        _gate.Shut();
        _rig.Time.Advance(TimeSpan.FromSeconds(10));
        await Wait.Until(() => _gate.Asked == 1, "it stands before the gate");
        Assert.Equal(1, job.Runs);
        _gate.Open();

        await run.InTime();
        Assert.Equal(2, job.Runs);
    }

    [Fact]
    public async Task A_run_that_is_abandoned_before_the_gate_runs_nothing_and_holds_no_slot()
    {
        var job = FakeJob.Fails();
        _gate.Shut();
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => _gate.Asked == 1, "it stands before the gate");

        runner.Abandon();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.InTime());
        Assert.Equal((0, 0, 0), (job.Runs, _rig.Logs.Asked, _rig.Slots.InUse));
    }

    [Fact]
    public async Task A_run_that_is_stopped_before_the_gate_ends_without_a_try()
    {
        var job = FakeJob.Fails();
        _gate.Shut();
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => _gate.Asked == 1, "it stands before the gate");

        Assert.Equal(StopOutcome.StoppedBeforeStart, (await runner.StopAsync().InTime()).Outcome);

        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal((0, 0), (job.Runs, _rig.Slots.InUse));
    }

    private sealed class Gate : ITryGate
    {
        private TaskCompletionSource _opens = new();
        private int _asked;

        public Gate() => _opens.SetResult();

        public int Asked => Volatile.Read(ref _asked);

        public bool IsOpen => _opens.Task.IsCompleted;

        public void Shut() => _opens = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Open() => _opens.SetResult();

        public Task OpensAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return _opens.Task.WaitAsync(cancellationToken);
        }
    }
}
