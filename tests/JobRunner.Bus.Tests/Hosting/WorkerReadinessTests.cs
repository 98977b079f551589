using JobRunner.Bus.Hosting;

namespace JobRunner.Bus.Tests.Hosting;

public sealed class WorkerReadinessTests
{
    private readonly WorkerReadiness _readiness = new();

    [Fact]
    public void A_worker_that_starts_is_not_ready() => Assert.Equal("starting", _readiness.NotReady);

    [Fact]
    public void It_is_ready_once_every_reason_is_gone_and_not_before()
    {
        _readiness.Set(WorkerReadiness.Broker, "broker unreachable");
        _readiness.Set(null);
        Assert.Equal("broker unreachable", _readiness.NotReady);

        _readiness.Set(WorkerReadiness.Broker, null);
        Assert.Null(_readiness.NotReady);
    }

    [Fact]
    public void All_reasons_are_told_together()
    {
        _readiness.Set("draining");
        _readiness.Set(WorkerReadiness.Alarm, "the broker has an alarm");

        Assert.Equal("the broker has an alarm; draining", _readiness.NotReady);
    }

    [Fact]
    public void A_reason_that_is_told_again_takes_the_place_of_the_one_before()
    {
        _readiness.Set(null);
        _readiness.Set(WorkerReadiness.Topology, "queue run-job is missing");
        _readiness.Set(WorkerReadiness.Topology, "queue stop-job is missing");

        Assert.Equal("queue stop-job is missing", _readiness.NotReady);
    }
}
