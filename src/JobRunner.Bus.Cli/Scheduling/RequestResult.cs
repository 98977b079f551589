using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>How a request ended, or stands.</summary>
/// <param name="RequestId">Id of the request.</param>
/// <param name="State">COMPLETE only if every job is.</param>
/// <param name="Jobs">Its jobs, each after those it follows.</param>
internal sealed record RequestResult(string RequestId, JobState State, IReadOnlyList<JobOutcome> Jobs);

/// <summary>How a job ended, or stands.</summary>
/// <param name="Job">The job.</param>
/// <param name="FinalState">PENDING for one that was not run.</param>
/// <param name="Tries">The logs of its tries, in order, without their output.</param>
/// <param name="JobData">The job data as its last run left it; empty for one that was not run.</param>
/// <param name="Error">Why it ended without a try; absent otherwise.</param>
internal sealed record JobOutcome(
    Job Job,
    JobState FinalState,
    IReadOnlyList<JobLogRecorded> Tries,
    JsonObject JobData,
    string? Error);
