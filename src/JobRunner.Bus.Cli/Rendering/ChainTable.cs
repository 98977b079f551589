using System.Globalization;
using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Chains, one line each; or the jobs of one.</summary>
internal static class ChainTable
{
    private const int DeepestIndent = 12;
    private const int MostIds = 4;

    /// <summary>A row for each chain.</summary>
    public static void Write(Screen screen, IReadOnlyList<ChainStatus> chains, DateTimeOffset now)
    {
        var table = screen.NewTable("REQUEST ID", "STATE", "COMPLETE", "TIME", "BEGAN");
        foreach (var chain in chains)
        {
            table.AddRow(
                new Text(Say.OneLine(chain.RequestId)),
                new Text(chain.State.ToSeedName(), StateStyle.Of(chain.State)),
                new Text($"{chain.FinishedJobs}/{chain.TotalJobs}"),
                new Text(Time(chain, now)),
                new Text(chain.AddedAt?.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture) ?? "-"));
        }

        screen.Write(table);
    }

    /// <summary>A chain with its jobs, each below those it follows.</summary>
    public static void WriteJobs(Screen screen, ChainStatus chain, IReadOnlyList<RunnerStatus> runners, DateTimeOffset now)
    {
        screen.Output.WriteLine(
            $"Chain {Say.OneLine(chain.RequestId)}: {chain.State.ToSeedName()}{(chain.Stopping ? ", being stopped" : "")}, "
            + $"{chain.FinishedJobs} of {chain.TotalJobs} jobs COMPLETE, {Time(chain, now)}");
        var depths = new Dictionary<string, int>(StringComparer.Ordinal);
        var table = screen.NewTable("JOB", "ID", "TYPE", "STATE", "TRIES", "AFTER", "NOW");
        foreach (var job in chain.Jobs ?? [])
        {
            var depth = depths[job.Id] = job.After.Count == 0 ? 0 : 1 + job.After.Max(id => depths.GetValueOrDefault(id));
            table.AddRow(
                new Text($"{new string(' ', 2 * Math.Min(depth, DeepestIndent))}{Say.OneLine(job.Name.Length > 0 ? job.Name : job.Id)}"),
                new Text(Say.OneLine(job.Id)),
                new Text(Say.OneLine(job.Type)),
                new Text(job.State.ToSeedName(), StateStyle.Of(job.State)),
                new Text(job.Tries.ToString(CultureInfo.InvariantCulture)),
                new Text(Ids(job.After)),
                new Text(Now(chain, job, runners.FirstOrDefault(runner => runner.JobId == job.Id), now)));
        }

        screen.Write(table);
    }

    private static string Now(ChainStatus chain, ChainJobStatus job, RunnerStatus? runner, DateTimeOffset now) => job switch
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

    private static string Ids(IReadOnlyList<string> ids) =>
        string.Join(", ", ids.Take(MostIds).Select(Say.OneLine)) + (ids.Count > MostIds ? $" and {ids.Count - MostIds} more" : "");

    private static string Time(ChainStatus chain, DateTimeOffset now) => chain.AddedAt is { } began ? Say.Length((chain.EndedAt ?? now) - began) : "-";
}
