namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>What is broken on purpose.</summary>
public enum FaultKind
{
    /// <summary>kill -9 of a worker; another one is started.</summary>
    KillWorker,

    /// <summary>SIGTERM to a worker; another one is started.</summary>
    DrainWorker,

    /// <summary>SIGSTOP to a worker for longer than its lease, its connections cut meanwhile; then SIGCONT.</summary>
    PauseWorker,

    /// <summary>A worker's connections are cut; it may connect again at once.</summary>
    CutConnection,

    /// <summary>A worker's link swallows everything for longer than its lease; the broker sees its connections close.</summary>
    SwallowLink,

    /// <summary>Nothing passes a worker's link and neither side is told. In half of the cases it all arrives late in the end.</summary>
    StallLink,

    /// <summary>kill -9 of the broker, and its restart.</summary>
    KillBroker,

    /// <summary>An orderly restart of the broker.</summary>
    RestartBroker,

    /// <summary>The broker is restarted, or killed, and comes back without one of its queues, an empty one.</summary>
    LoseQueue,

    /// <summary>An empty queue is deleted.</summary>
    DeleteQueue,

    /// <summary>A worker's wall clock is set: off by seconds, minutes or a day, or right again.</summary>
    SkewClock,

    /// <summary>The Request Manager refuses connections for a while.</summary>
    RequestManagerDown,

    /// <summary>The Request Manager takes a second and more for each answer.</summary>
    RequestManagerSlow,

    /// <summary>The Request Manager answers every other log with an error.</summary>
    RequestManagerErrors,
}
