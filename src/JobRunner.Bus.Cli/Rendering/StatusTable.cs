using System.Globalization;
using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>What runs and waits, one line per runner, oldest first; the columns of Spin Cycle's <c>spinc ps</c> and some more.</summary>
internal static class StatusTable
{
    // Spin Cycle has no state of its own for it: to its JR such a runner is RUNNING.
    private const string Waiting = "WAITING";

    /// <summary>A row for each runner; a few lines each where there is no room for a table.</summary>
    public static void Write(Screen screen, IReadOnlyList<RunnerStatus> statuses, DateTimeOffset now)
    {
        if (!screen.IsTooNarrowForTables)
        {
            screen.Write(Draw(screen, statuses, now));
            return;
        }

        foreach (var status in statuses)
        {
            screen.Write(new Text(
                $"{Say.Job(status.Name, status.JobId)} {State(status)} try {status.Try} {Runtime(status, now)}\n  {Say.OneLine(status.RequestId)}\n"
                + (status.Status is { } text ? $"  {Say.Short(text)}\n" : "")));
        }
    }

    private static Table Draw(Screen screen, IReadOnlyList<RunnerStatus> statuses, DateTimeOffset now)
    {
        var table = screen.NewTable("REQUEST ID", "RUNTIME", "TRY", "JOB", "ID", "TYPE", "STATE", "STATUS", "WORKER");
        foreach (var status in statuses)
        {
            table.AddRow(
                new Text(Say.OneLine(status.RequestId)),
                new Text(Runtime(status, now)),
                new Text(status.Try.ToString(CultureInfo.InvariantCulture)),
                new Text(Say.OneLine(status.Name)),
                new Text(Say.OneLine(status.JobId)),
                new Text(Say.OneLine(status.Type)),
                new Text(State(status), status.Sleeping ? new Style(Color.Yellow) : StateStyle.Of(status.State)),
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

    private static string State(RunnerStatus status) => status.Sleeping ? Waiting : status.State.ToSeedName();

    private static string Runtime(RunnerStatus status, DateTimeOffset now) =>
        status.StartedAt > 0 ? Say.Length(now - Say.Instant(status.StartedAt)) : "-";
}
