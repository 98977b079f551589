using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Parts;

namespace JobRunner.Bus.Dashboard.Tests;

public sealed class ChainLayoutTests
{
    [Fact]
    public void A_jobs_column_is_the_longest_way_to_it()
    {
        var layout = ChainLayout.Of([Job("a"), Job("b", "a"), Job("c", "b"), Job("d", "a", "c"), Job("alone")]);

        Assert.Equal("a alone | b | c | d", string.Join(" | ", Columns(layout)));
        Assert.Equal(["a>b", "b>c", "a>d", "c>d"], layout.Edges.Select(edge => $"{edge.From.Job.Id}>{edge.To.Job.Id}"));
    }

    [Fact]
    public void Jobs_stand_beside_those_they_follow_and_none_upon_another()
    {
        var layout = ChainLayout.Of([Job("up"), Job("down"), Job("afterDown", "down"), Job("afterUp", "up"), Job("end", "afterUp", "afterDown")]);

        Assert.Equal("up down | afterUp afterDown | end", string.Join(" | ", Columns(layout)));
        foreach (var one in layout.Jobs)
        {
            Assert.DoesNotContain(layout.Jobs, other => other != one && Math.Abs(one.X - other.X) < ChainLayout.JobWidth && Math.Abs(one.Y - other.Y) < ChainLayout.JobHeight);
            Assert.InRange(one.X, 0, layout.Width - ChainLayout.JobWidth);
            Assert.InRange(one.Y, 0, layout.Height - ChainLayout.JobHeight);
        }
    }

    [Fact]
    public void What_follows_an_unknown_job_or_itself_or_is_told_twice_is_drawn_once()
    {
        var layout = ChainLayout.Of([Job("a", "a", "nobody"), Job("b", "a", "a"), Job("b", "a")]);

        Assert.Equal("a | b", string.Join(" | ", Columns(layout)));
        Assert.Empty(ChainLayout.Of([]).Jobs);
    }

    private static IEnumerable<string> Columns(ChainLayout layout) =>
        layout.Jobs.GroupBy(job => job.X).OrderBy(column => column.Key).Select(column => string.Join(' ', column.OrderBy(job => job.Y).Select(job => job.Job.Id)));

    private static ChainJobStatus Job(string id, params string[] after) => new() { Id = id, After = after };
}
