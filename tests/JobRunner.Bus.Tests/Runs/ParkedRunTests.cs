using System.Runtime.CompilerServices;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>What a worker keeps of a run that waits in the broker.</summary>
public sealed class ParkedRunTests : IAsyncDisposable
{
    private readonly World _world = new();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public void It_keeps_nothing_of_what_its_job_needs_to_run()
    {
        var (parked, needed) = Park();

        GC.Collect();

        Assert.False(needed.IsAlive);
        var status = parked.Status();
        Assert.Equal(("req1", "job1", "scripted", "restart-db"), (status.RequestId, status.JobId, status.Type, status.Name));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private (ParkedRun Parked, WeakReference Needed) Park()
    {
        var command = World.Command(retry: 3, retryWait: "1h");
        command = command with { RequestId = "req1", Job = command.Job with { Id = "job1", Type = "scripted", Name = "restart-db", Bytes = new byte[1000] } };
        var run = new LiveRun(new CommandDelivery(command, null, RunLeg.First, null), _world.Get<RunnerFactory>().Make(command), heldSince: 0);
        return (
            new ParkedRun(command, run, new RunLeg("l1", 1), run.Status(), _world.Get<JobFinishedPublisher>(), _ => Task.CompletedTask),
            new WeakReference(command.Job.Bytes));
    }
}
