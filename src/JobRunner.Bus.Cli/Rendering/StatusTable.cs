using System.Globalization;
using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>What runs and waits, one line per runner, oldest first; the columns of Spin Cycle's <c>spinc ps</c> and some more.</summary>
internal static class StatusTable
{
    /// <summary>The table; a row for each runner.</summary>
    public static Table Draw(Screen screen, IReadOnlyList<RunnerStatus> statuses, DateTimeOffset now)
    {
        var table = screen.NewTable("REQUEST ID", "RUNTIME", "TRY", "JOB", "ID", "TYPE", "STATE", "STATUS", "WORKER");
        foreach (var status in statuses)
        {
            table.AddRow(
                new Text(Say.OneLine(status.RequestId)),
                new Text(status.StartedAt > 0 ? Say.Length(now - Say.Instant(status.StartedAt)) : "-"),
                new Text(status.Try.ToString(CultureInfo.InvariantCulture)),
                new Text(Say.OneLine(status.Name)),
                new Text(Say.OneLine(status.JobId)),
                new Text(Say.OneLine(status.Type)),
                new Text(status.State.ToSeedName(), StateStyle.Of(status.State)),
                new Text(Say.Short(status.Status ?? "")),
                new Text(Say.OneLine(status.Worker)));
        }

        return table;
    }

    /// <summary>By age, then request and job: two looks at the same runners give the same order.</summary>
    public static IReadOnlyList<RunnerStatus> Sort(IEnumerable<RunnerStatus> statuses) =>
    [
        .. statuses
            .OrderBy(status => status.StartedAt)
            .ThenBy(status => status.RequestId, StringComparer.Ordinal)
            .ThenBy(status => status.JobId, StringComparer.Ordinal),
    ];
}
