using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Watch;

namespace JobRunner.Bus.Dashboard.Tests;

public sealed class OutputCutTests
{
    [Fact]
    public void A_long_output_keeps_its_beginning_and_its_end_and_says_what_is_missing()
    {
        var output = $"begin{new string('x', 16_000_000)}end";
        var kept = new OutputCut().Keep(new JobLogRecorded { Stdout = output, Stderr = "short" });

        Assert.StartsWith("begin", kept.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("end", kept.Stdout, StringComparison.Ordinal);
        Assert.Contains($"… {16_000_008 - OutputCut.Longest:N0} characters are not shown here …", kept.Stdout, StringComparison.Ordinal);
        Assert.InRange(kept.Stdout.Length, OutputCut.Longest, OutputCut.Longest + 100);
        Assert.Equal("short", kept.Stderr);
    }

    [Fact]
    public void No_character_is_cut_in_two()
    {
        foreach (var shift in new[] { "", "x" })
        {
            var kept = new OutputCut().Keep(new JobLogRecorded { Stdout = shift + string.Concat(Enumerable.Repeat("😀", 100_000)) });
            Assert.Equal(kept.Stdout, System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(kept.Stdout)));
        }
    }

    [Fact]
    public void What_comes_after_the_budget_is_told_by_its_length_alone()
    {
        var cut = new OutputCut(budget: 100);
        var first = cut.Keep(new JobLogRecorded { Stdout = new string('x', 150) });
        var second = cut.Keep(new JobLogRecorded { Try = 2, Stdout = "more", Error = "why" });

        Assert.Equal(150, first.Stdout.Length);
        Assert.Equal(("… 4 characters are not shown here …", "… 3 characters are not shown here …", "", 2), (second.Stdout, second.Error, second.Stderr, second.Try));
    }
}
