using System.Globalization;
using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Chains, one line each; or the jobs of one.</summary>
internal static class ChainTable
{
    private const int DeepestIndent = 12;

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
                new Text(ChainWords.Time(chain, now)),
                new Text(chain.AddedAt?.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture) ?? "-"));
        }

        screen.Write(table);
    }

    /// <summary>A chain with its jobs, each below those it follows.</summary>
    public static void WriteJobs(Screen screen, ChainStatus chain, IReadOnlyList<RunnerStatus> runners, DateTimeOffset now)
    {
        screen.Output.WriteLine(
            $"Chain {Say.OneLine(chain.RequestId)}: {chain.State.ToSeedName()}{(chain.Stopping ? ", being stopped" : "")}, "
            + $"{chain.FinishedJobs} of {chain.TotalJobs} jobs COMPLETE, {ChainWords.Time(chain, now)}");
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
                new Text(ChainWords.Ids(job.After)),
                new Text(ChainWords.Now(chain, job, runners.FirstOrDefault(runner => runner.JobId == job.Id), now)));
        }

        screen.Write(table);
    }
}
