namespace JobRunner.Bus.Runners;

/// <summary>Where a runner is in its loop.</summary>
internal enum RunnerPhase : byte
{
    /// <summary>No try has started.</summary>
    Pending,

    /// <summary>A try runs.</summary>
    Running,

    /// <summary>A try has ended and its log is on its way.</summary>
    Recording,

    /// <summary>Waits between two tries.</summary>
    Sleeping,

    /// <summary>The loop has been left: what the run returns is decided.</summary>
    Left,
}
