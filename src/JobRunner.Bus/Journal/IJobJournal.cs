using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Journal;

/// <summary>What has been tried and finished, kept outside the worker: a run whose worker died goes on from it.</summary>
internal interface IJobJournal
{
    /// <summary>Everything about one job since a time, oldest first; without a time, everything kept.</summary>
    Task<IReadOnlyList<JournalEntry>> ReadAsync(RunnerKey job, DateTimeOffset? since, CancellationToken cancellationToken);

    /// <summary>Notes that a redelivered command is about to start again; returns once that is safe.</summary>
    Task KeepStartAsync(RunnerKey job);

    /// <summary>Keeps the job data a try left behind; returns once it is safe.</summary>
    Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken);

    /// <summary>Puts a log that it has into the queue of logs, once more perhaps; returns once that is safe.</summary>
    Task DeliverAsync(JobLogRecorded log, CancellationToken cancellationToken);
}

/// <summary>For a bus that ends with this process: nothing outlives it.</summary>
internal sealed class NoJournal : IJobJournal
{
    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunnerKey job, DateTimeOffset? since, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<JournalEntry>>([]);

    public Task KeepStartAsync(RunnerKey job) => Task.CompletedTask;

    public Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DeliverAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
}
