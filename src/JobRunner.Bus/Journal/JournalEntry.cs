using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Journal;

/// <summary>One thing the journal knows of a job, in the order it happened.</summary>
internal abstract record JournalEntry;

/// <summary>A try was logged.</summary>
/// <param name="Log">The log.</param>
/// <param name="IsWhole">Whether the output of the try is there.</param>
internal sealed record TryLogged(JobLogRecorded Log, bool IsWhole = true) : JournalEntry;

/// <summary>A try changed the job data; written before its log.</summary>
internal sealed record JobDataChanged(long Try, JsonObject JobData) : JournalEntry;

/// <summary>A run went on elsewhere as this leg.</summary>
/// <param name="Leg">The leg.</param>
/// <param name="TotalTries">The highest try number logged before.</param>
/// <param name="CommandSentAt">When the command of that run was sent; unknown where it said no time.</param>
internal sealed record RunSentOn(string Leg, long TotalTries, DateTimeOffset? CommandSentAt = null) : JournalEntry;

/// <summary>A redelivered command was about to start again: its worker had died, or was taken for dead.</summary>
internal sealed record StartedAgain : JournalEntry;

/// <summary>A run ended, and its scheduler was told at this time.</summary>
/// <param name="Finished">What it was told.</param>
/// <param name="At">When.</param>
/// <param name="CommandSentAt">When the command of that run was sent; unknown where it said no time.</param>
/// <param name="LogsAccepted">Whether the broker is known to have accepted all logs of that run, even if the journal has lost one.</param>
internal sealed record RunFinished(JobFinished Finished, DateTimeOffset? At, DateTimeOffset? CommandSentAt = null, bool LogsAccepted = false) : JournalEntry;
