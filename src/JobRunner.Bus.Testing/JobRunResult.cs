using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Testing;

/// <summary>How a run ended.</summary>
public sealed record JobRunResult
{
    /// <summary>The state the run ended in.</summary>
    public required JobState FinalState { get; init; }

    /// <summary>Tries of this run, as its scheduler is told.</summary>
    public required long Tries { get; init; }

    /// <summary>A log per try, as the Request Manager gets them. A job that could not be made leaves one without times.</summary>
    public required IReadOnlyList<JobLogRecorded> Logs { get; init; }

    /// <summary>The job data as the last try left it.</summary>
    public required JsonObject JobData { get; init; }

    /// <summary>Why the run ended without a try; <see langword="null"/> otherwise.</summary>
    public string? Error { get; init; }

    /// <summary>What a resume sends as <see cref="JobRun.PrevTries"/>.</summary>
    public required long PrevTries { get; init; }

    /// <summary>What a resume sends as <see cref="JobRun.TotalTries"/>.</summary>
    public required long TotalTries { get; init; }

    /// <summary>The log of the last try.</summary>
    /// <exception cref="InvalidOperationException">There was no try.</exception>
    public JobLogRecorded LastLog => Logs.Count > 0 ? Logs[^1] : throw new InvalidOperationException("the job was not tried");
}
