using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Runners.Tests.Kit;

/// <summary>All a runner needs, in a test's hands.</summary>
internal sealed class Rig : IDisposable
{
    public WatchedTime Time { get; } = new();

    public LogSink Logs { get; } = new();

    public TrySlots Slots { get; init; } = new(4);

    public RunnerOptions Options { get; init; } = new();

    public ITryGate? Gate { get; init; }

    public FakeLogger<Runner> Logger { get; } = new();

    public Runner Make(IJob job, RunJob? command = null) => Factory(new OneJob(job)).Make(command ?? Command());

    public Runner Make(IJob job, JobTypeLimits limits, RunJob? command = null, string id = "j1") =>
        Factory(new OneJob(job, limits)).Make(command ?? Command(id: id));

    public RunnerFactory Factory(IJobFactory jobs) => new(jobs, Logs, Slots, Options, Time, Logger, Gate);

    public static RunJob Command(
        long retry = 0, string? wait = null, long prevTries = 0, long totalTries = 0, string? timeout = null, string id = "j1", string? heartbeat = null) => new()
        {
            RequestId = "abc",
            Job = new Job { Id = id, Name = "jname", Type = "jtype", Retry = retry, RetryWait = wait },
            PrevTries = prevTries,
            TotalTries = totalTries,
            Timeout = timeout,
            Heartbeat = heartbeat,
        };

    public void Dispose() => Slots.Dispose();

    internal sealed class OneJob(IJob job, JobTypeLimits? limits = null) : IJobFactory
    {
        public MadeJob Make(Job _) => new(job, null, limits);
    }
}
