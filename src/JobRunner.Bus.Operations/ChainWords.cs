using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>How chains and their jobs stand, in words for people. Text of users is made harmless here.</summary>
internal static class ChainWords
{
    private const int MostIds = 4;

    /// <summary>What a job of a chain does now or waits for; empty for one of which its state says all.</summary>
    /// <param name="chain">The chain.</param>
    /// <param name="job">The job.</param>
    /// <param name="runner">Its run on a worker, where there is one.</param>
    /// <param name="now">The time.</param>
    public static string Now(ChainStatus chain, ChainJobStatus job, RunnerStatus? runner, DateTimeOffset now) => job switch
    {
        { Error: { } error } => Say.Short(error),
        { DueAt: { } due } => $"waits {Say.Length(due - now)} for try {job.SequenceTries} of its sequence",
        { State: JobState.Running } when runner is { Sleeping: true } => $"waits for try {runner.Try} on {Say.OneLine(runner.Worker)}",
        { State: JobState.Running } when runner is not null => $"try {runner.Try} on {Say.OneLine(runner.Worker)}{(runner.Status is { } text ? $": {Say.Short(text)}" : "")}",
        { State: JobState.Running } => "waits for a worker, or its end is on the way",
        { WaitsFor.Count: > 0 } => $"waits for {Ids(job.WaitsFor)}",
        { State: JobState.Pending } when chain.EndedAt is null => chain.Stopping ? "does not start any more" : "waits for its sequence",
        _ => "",
    };

    /// <summary>The first few ids, and how many more there are.</summary>
    public static string Ids(IReadOnlyList<string> ids) =>
        string.Join(", ", ids.Take(MostIds).Select(Say.OneLine)) + (ids.Count > MostIds ? $" and {ids.Count - MostIds} more" : "");

    /// <summary>How long the chain runs, or ran.</summary>
    public static string Time(ChainStatus chain, DateTimeOffset now) => chain.AddedAt is { } began ? Say.Length((chain.EndedAt ?? now) - began) : "-";
}
