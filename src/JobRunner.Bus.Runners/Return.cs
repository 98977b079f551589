using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>How a runner's <see cref="Runner.RunAsync"/> came to its end.</summary>
public enum RunEnd
{
    /// <summary>The run is over: <see cref="Return.FinalState"/> is final.</summary>
    Finished,

    /// <summary>A try failed and the next is due after <see cref="Return.Wait"/>; whoever is free then goes on.</summary>
    Parked,

    /// <summary>The runner was asked to hand over, or the job's type has no place here; another goes on after <see cref="Return.Wait"/>, often none.</summary>
    HandedOver,
}

/// <summary>What a run returns.</summary>
public sealed record Return
{
    /// <summary>To be filled in.</summary>
    public Return() => JobDataText = LazyObject.Empty();

    /// <summary>To be filled in, but for the job data, which stay as they came.</summary>
    [SetsRequiredMembers]
    internal Return(LazyObject jobData) => JobDataText = jobData;

    /// <summary>The final state; for a run that goes on elsewhere, the state of its last try, or PENDING without one.</summary>
    public required JobState FinalState { get; init; }

    /// <summary>
    /// Tries of this run, not including previous ones. A run stopped before a try or while waiting for it counts that
    /// try, as in the seed; <see cref="Next"/> has it subtracted.
    /// </summary>
    public required long Tries { get; init; }

    /// <summary>Whether the run is over or goes on elsewhere.</summary>
    public RunEnd End { get; init; }

    /// <summary>The counters to go on with.</summary>
    public required TryCounters Next { get; init; }

    /// <summary>The job data as the last try left it.</summary>
    [AllowNull]
    public required JsonObject JobData { get => JobDataText.Value; init => JobDataText = value is null ? LazyObject.Empty() : new LazyObject(value); }

    /// <summary>The same, as bytes where nobody has asked for its values.</summary>
    internal LazyObject JobDataText { get; init; }

    /// <summary>How long from now until the next try is due, for a run that goes on elsewhere.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Why the run failed without a try; <see langword="null"/> otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>The log that ends the run where it is still to be recorded; <see langword="null"/> when all logs are safe.</summary>
    public JobLogRecorded? LastLog { get; init; }

    /// <summary>The span of the last try of a run that has finished; the default when nobody listens to traces.</summary>
    public ActivityContext LastTry => LastSpan?.Context ?? default;

    internal Activity? LastSpan { get; init; }
}
