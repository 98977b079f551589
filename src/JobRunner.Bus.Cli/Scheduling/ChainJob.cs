using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>One job of a chain that is being run. Only <see cref="ChainState"/> changes it.</summary>
internal sealed class ChainJob(RunJob command, long highestTry)
{
    /// <summary>Id of the job.</summary>
    public string Id => Job.Id;

    /// <summary>The job as its file gave it.</summary>
    public Job Job => command.Job;

    /// <summary>The sequence the job belongs to; a job without one is its own.</summary>
    public string SequenceId => Job.SequenceId.Length > 0 ? Job.SequenceId : Job.Id;

    /// <summary>
    /// PENDING until it is launched, RUNNING until its result is in, then how it ended. One that was COMPLETE in its
    /// file is not run.
    /// </summary>
    public JobState State { get; set; } = command.Job.State == JobState.Complete ? JobState.Complete : JobState.Pending;

    /// <summary>Launched, but its command is still to be sent.</summary>
    public bool Waiting { get; set; }

    /// <summary>The data the job is handed, and after a run the data it left.</summary>
    public JsonObject Data { get; set; } = (JsonObject)command.JobData.DeepClone();

    /// <summary>Tries of the current try of the sequence that are used up.</summary>
    public long PrevTries { get; set; } = command.PrevTries;

    /// <summary>Highest try number logged.</summary>
    public long TotalTries { get; set; } = Math.Max(command.TotalTries, highestTry);

    /// <summary>Highest try number logged before this chain was run.</summary>
    public long FormerTries { get; } = Math.Max(command.TotalTries, highestTry);

    /// <summary>Why the last run ended without a try of its own.</summary>
    public string? Error { get; set; }

    /// <summary>Whether the job ended in any other way than COMPLETE or STOPPED.</summary>
    public bool Failed => State is not (JobState.Pending or JobState.Running or JobState.Complete or JobState.Stopped);

    /// <summary>The command for the next run.</summary>
    public RunJob NextCommand() => command with
    {
        JobData = (JsonObject)Data.DeepClone(),
        PrevTries = PrevTries,
        TotalTries = TotalTries,
        SentAt = null,
    };
}
