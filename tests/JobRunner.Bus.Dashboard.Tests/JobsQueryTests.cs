using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Pages;

namespace JobRunner.Bus.Dashboard.Tests;

public sealed class JobsQueryTests
{
    private static readonly RunnerStatus[] Runs =
    [
        new() { RequestId = "ra", JobId = "j1", Name = "backup", Type = "shell-command", StartedAt = 300, State = JobState.Running, Try = 10, Worker = "w1" },
        new() { RequestId = "rb", JobId = "j2", Name = "Report", Type = "sleep", StartedAt = 100, State = JobState.Running, Sleeping = true, Try = 9, Worker = "w2" },
        new() { RequestId = "rc", JobId = "j3", Type = "noop", StartedAt = 200, State = JobState.Pending, Status = "50% of x", Try = 1, Worker = "w1" },
    ];

    [Theory]
    [InlineData("", false, "j2 j3 j1")]
    [InlineData("", true, "j1 j3 j2")]
    [InlineData("request", true, "j3 j2 j1")]
    [InlineData("try", false, "j3 j2 j1")]
    [InlineData("state", false, "j3 j1 j2")]
    [InlineData("worker", false, "j3 j1 j2")]
    [InlineData("no such column", false, "j2 j3 j1")]
    public void Runs_are_sorted_by_a_column_and_then_by_age(string sort, bool down, string expected) =>
        Assert.Equal(expected, string.Join(' ', new JobsQuery { Sort = sort, Down = down }.Apply(Runs).Select(run => run.JobId)));

    [Theory]
    [InlineData("BACK", "j1")]
    [InlineData("waiting", "j2")]
    [InlineData("w1", "j3 j1")]
    [InlineData("50%", "j3")]
    [InlineData("nothing", "")]
    public void Those_are_found_of_which_any_column_holds_the_text(string text, string expected) =>
        Assert.Equal(expected, string.Join(' ', new JobsQuery { Text = text }.Apply(Runs).Select(run => run.JobId)));

    [Fact]
    public void Its_address_says_no_more_than_needed_and_holds_any_text()
    {
        Assert.Equal("jobs", new JobsQuery().ToString());
        Assert.Equal("jobs?find=a%26b%3D%22%3C%23&sort=worker&down=true&page=3", new JobsQuery { Text = "a&b=\"<#", Sort = "worker", Down = true, Page = 3 }.ToString());
    }
}
