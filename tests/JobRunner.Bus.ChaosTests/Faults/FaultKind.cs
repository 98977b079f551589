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

    /// <summary>A worker's link swallows everything for longer than its lease.</summary>
    SwallowLink,

    /// <summary>kill -9 of the broker, and its restart.</summary>
    KillBroker,

    /// <summary>An orderly restart of the broker.</summary>
    RestartBroker,

    /// <summary>The Request Manager refuses connections for a while.</summary>
    RequestManagerDown,
}
