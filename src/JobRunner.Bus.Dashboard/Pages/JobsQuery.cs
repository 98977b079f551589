using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Parts;

namespace JobRunner.Bus.Dashboard.Pages;

/// <summary>Which runs the page of jobs shows, and in which order: its address says so, and can be shared.</summary>
internal sealed record JobsQuery
{
    /// <summary>Rows of a page. More than anybody reads at once, and few enough for a slow browser.</summary>
    public const int PageSize = 100;

    /// <summary>The columns, in the order shown; the first is the preset order.</summary>
    public static IReadOnlyList<string> Columns { get; } = ["age", "request", "job", "type", "try", "state", "status", "worker"];

    /// <summary>Only runs of which some column holds this text, in upper or lower case; empty for all.</summary>
    public string Text { get; init; } = "";

    /// <summary>One of <see cref="Columns"/>.</summary>
    public string Sort { get; init => field = Columns.Contains(value) ? value : Columns[0]; } = Columns[0];

    /// <summary>Whether the order is turned round.</summary>
    public bool Down { get; init; }

    /// <summary>From 1.</summary>
    public int Page { get; init => field = Math.Max(1, value); } = 1;

    /// <summary>The address of the runs that hold a text.</summary>
    public static string Of(string text) => new JobsQuery { Text = text }.ToString();

    /// <summary>The address.</summary>
    public override string ToString()
    {
        string[] parts =
        [
            .. Text.Length > 0 ? [$"find={Uri.EscapeDataString(Text)}"] : (string[])[],
            .. Sort != Columns[0] ? [$"sort={Sort}"] : (string[])[],
            .. Down ? ["down=true"] : (string[])[],
            .. Page > 1 ? [$"page={Page.ToString(CultureInfo.InvariantCulture)}"] : (string[])[],
        ];
        return parts.Length == 0 ? "jobs" : $"jobs?{string.Join('&', parts)}";
    }

    /// <summary>The runs that fit, in order; all pages.</summary>
    public IReadOnlyList<RunnerStatus> Apply(IEnumerable<RunnerStatus> runs)
    {
        var found = Text.Length == 0 ? runs : runs.Where(Fits);
        var sorted = Sort switch
        {
            "request" => By(run => run.RequestId),
            "job" => By(run => run.Name.Length > 0 ? run.Name : run.JobId),
            "type" => By(run => run.Type),
            "try" => Down ? found.OrderByDescending(run => run.Try) : found.OrderBy(run => run.Try),
            "state" => By(Words.State),
            "status" => By(run => run.Status ?? ""),
            "worker" => By(run => run.Worker),
            _ => Down ? found.OrderByDescending(run => run.StartedAt) : found.OrderBy(run => run.StartedAt),
        };

        // Two looks at the same runs give the same order.
        return [.. sorted.ThenBy(run => run.StartedAt).ThenBy(run => run.RequestId, StringComparer.Ordinal).ThenBy(run => run.JobId, StringComparer.Ordinal)];

        IOrderedEnumerable<RunnerStatus> By(Func<RunnerStatus, string> column) =>
            Down ? found.OrderByDescending(column, StringComparer.Ordinal) : found.OrderBy(column, StringComparer.Ordinal);
    }

    private bool Fits(RunnerStatus run) =>
        Has(run.RequestId) || Has(run.JobId) || Has(run.Name) || Has(run.Type) || Has(Words.State(run)) || Has(run.Status) || Has(run.Worker);

    private bool Has(string? text) => text?.Contains(Text, StringComparison.OrdinalIgnoreCase) == true;
}
