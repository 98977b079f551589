using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Dashboard.Parts;

/// <summary>A job in the picture of its chain.</summary>
/// <param name="Job">The job.</param>
/// <param name="X">Its left edge.</param>
/// <param name="Y">Its upper edge.</param>
internal sealed record PlacedJob(ChainJobStatus Job, int X, int Y);

/// <summary>
/// Where the jobs of a chain are drawn, in pixels: a column for each level, which is the longest way from a job that follows none. Within a
/// column a job stands about where those stand that it follows.
/// </summary>
internal sealed class ChainLayout
{
    public const int JobWidth = 176;
    public const int JobHeight = 50;

    private const int Across = 48;
    private const int Down = 14;
    private const int Margin = 4;

    private ChainLayout(IReadOnlyList<PlacedJob> jobs, IReadOnlyList<(PlacedJob From, PlacedJob To)> edges)
    {
        Jobs = jobs;
        Edges = edges;
        Width = jobs.Select(job => job.X + JobWidth + Margin).DefaultIfEmpty().Max();
        Height = jobs.Select(job => job.Y + JobHeight + Margin).DefaultIfEmpty().Max();
    }

    /// <summary>The jobs, column by column.</summary>
    public IReadOnlyList<PlacedJob> Jobs { get; }

    /// <summary>From each job to those that follow it.</summary>
    public IReadOnlyList<(PlacedJob From, PlacedJob To)> Edges { get; }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Places jobs, each of which is told after those it follows.</summary>
    public static ChainLayout Of(IReadOnlyList<ChainJobStatus> jobs)
    {
        var levels = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var job in jobs)
        {
            levels[job.Id] = job.After.Select(id => levels.GetValueOrDefault(id, -1) + 1).DefaultIfEmpty().Max();
        }

        var columns = jobs.DistinctBy(job => job.Id).GroupBy(job => levels[job.Id]).OrderBy(column => column.Key).ToArray();
        var tallest = columns.Select(column => column.Count()).DefaultIfEmpty().Max();
        var placed = new Dictionary<string, PlacedJob>(StringComparer.Ordinal);
        foreach (var column in columns)
        {
            var top = Margin + ((tallest - column.Count()) * (JobHeight + Down) / 2);
            var rows = column.OrderBy(job => job.After.Where(placed.ContainsKey).Select(id => (double)placed[id].Y).DefaultIfEmpty().Average()).ToArray();
            for (var row = 0; row < rows.Length; row++)
            {
                placed[rows[row].Id] = new PlacedJob(rows[row], Margin + (column.Key * (JobWidth + Across)), top + (row * (JobHeight + Down)));
            }
        }

        return new ChainLayout(
            [.. placed.Values],
            [.. placed.Values.SelectMany(to => to.Job.After.Distinct().Where(placed.ContainsKey).Select(from => (placed[from], to)))]);
    }
}
