namespace JobRunner.Bus.Contracts;

/// <summary>
/// The state of a job. The numbers are Spin Cycle's <c>proto.STATE_*</c>: they are stored in the Request Manager's
/// tables and travel on the wire as numbers, so none may ever change.
/// </summary>
public enum JobState : byte
{
    /// <summary>No state was given. A job that returns it has failed for the purpose of retries.</summary>
    Unknown = 0,

    /// <summary>Not started.</summary>
    Pending = 1,

    /// <summary>A try runs, or its runner waits between two tries.</summary>
    Running = 2,

    /// <summary>Completed successfully; ends the run.</summary>
    Complete = 3,

    /// <summary>Failed; tried again while tries are left.</summary>
    Fail = 4,

    /// <summary>Was "timeout" once; never used.</summary>
    Reserved = 5,

    /// <summary>Stopped by a person or a shutdown; ends the run.</summary>
    Stopped = 6,

    /// <summary>A suspended request. Jobs are never suspended, they are stopped.</summary>
    Suspended = 7,
}

/// <summary>Names of <see cref="JobState"/> as Spin Cycle's people know them.</summary>
public static class JobStateNames
{
    /// <summary>The upper-case name, for instance <c>COMPLETE</c>; <c>STATE 42</c> for a number without a name.</summary>
    public static string ToSeedName(this JobState state) => state switch
    {
        JobState.Unknown => "UNKNOWN",
        JobState.Pending => "PENDING",
        JobState.Running => "RUNNING",
        JobState.Complete => "COMPLETE",
        JobState.Fail => "FAIL",
        JobState.Reserved => "RESERVED",
        JobState.Stopped => "STOPPED",
        JobState.Suspended => "SUSPENDED",
        _ => $"STATE {(byte)state}",
    };
}
