using JobRunner.Bus.Chains;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Time.Testing;
using Spectre.Console.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ProgressTests
{
    [Fact]
    public void Progress_lines_tell_each_try()
    {
        var output = new StringWriter();
        var time = new FakeTimeProvider(Chains.Noon.AddSeconds(65));
        var chain = Chains.Of("aaaa bbbb");
        var lines = new ProgressLines(output, time, nameRequests: false);

        lines.Launched(chain, new Launch(new RunJob { Job = new Job { Id = "aaaa", Name = "archive" } }, TimeSpan.Zero));
        lines.Logged(chain, Logs.Of("aaaa", 1, JobState.Fail, 120, 2, "no\nspace"));
        lines.Launched(chain, new Launch(new RunJob { Job = new Job { Id = "aaaa", Name = "archive" } }, TimeSpan.FromSeconds(5)));
        lines.Finished(chain, new JobFinished { JobId = "aaaa", FinalState = JobState.Complete });
        lines.Finished(chain, new JobFinished { JobId = "bbbb", FinalState = JobState.Fail, Error = "refused" });
        lines.Stopping(chain);
        new ProgressLines(output, time, nameRequests: true).Logged(chain, Logs.Of("bbbb", 2, JobState.Complete, 5_000) with { Name = "" });

        Assert.Equal(
            """
            12:01:05 archive (aaaa) try 1 FAIL exit 2 0.12s: no
            12:01:05 sequence of archive (aaaa) is tried again in 5.00s
            12:01:05 job-bbbb (bbbb) FAIL: refused
            12:01:05 stopping request req; press Ctrl-C again to leave at once
            12:01:05 req bbbb try 2 COMPLETE 5.00s

            """,
            output.ToString(),
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_board_shows_what_runs_and_what_ended()
    {
        var time = new FakeTimeProvider(Chains.Noon);
        var chain = Chains.Of("a b c; a>c");
        var board = new ProgressBoard([chain], time);
        foreach (var launch in chain.Launch())
        {
            board.Launched(chain, launch);
        }

        var result = new JobFinished { RequestId = "req", JobId = "a", FinalState = JobState.Fail, Tries = 1, PrevTries = 1, TotalTries = 1 };
        board.Logged(chain, Logs.Of("a", 1, JobState.Fail, 120, 2, "no [space]"));
        chain.Take(ChainRules.Finish(chain.Now, result, null, Chains.Noon));
        board.Finished(chain, result);
        board.Update([new RunnerStatus { RequestId = "req", JobId = "b", Try = 3, Status = "reading\u001b[2J" }, new RunnerStatus { RequestId = "req", JobId = "zzz" }]);
        board.Stopping(chain);
        time.Advance(TimeSpan.FromSeconds(75));

        Assert.Equal(
            """
            Request req: 0 of 3 COMPLETE, 1 running, 1 failed; stopping (Ctrl-C again leaves at once)
              archive (a) try 1 FAIL exit 2 0.12s: no [space]
            ▸ job-b (b) try 3 1m15s reading [2J

            """,
            Draw(board, 120, 20),
            ignoreLineEndingDifferences: true);
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(20, 5)]
    [InlineData(1, 1)]
    [InlineData(200, 1000)]
    public void The_board_is_never_larger_than_the_terminal(int width, int height)
    {
        var chain = new TrackedChain(Chains.Request([.. Enumerable.Range(0, 500).Select(i => $"j{i}")], new Dictionary<string, IReadOnlyList<string>>()));
        var board = new ProgressBoard([chain], new FakeTimeProvider(Chains.Noon));
        foreach (var launch in chain.Launch())
        {
            board.Launched(chain, launch);
            board.Logged(chain, Logs.Of(launch.Command.Job.Id, 1, JobState.Fail, 5));
        }

        var lines = Draw(board, width, height).TrimEnd('\n').Split('\n');

        Assert.True(lines.Length <= Math.Max(3, height), $"{lines.Length} lines");
        Assert.All(lines, line => Assert.True(line.Length <= width, line));
    }

    private static string Draw(ProgressBoard board, int width, int height)
    {
        using var terminal = new TestConsole().Width(width).Height(height);
        terminal.Write(board.Draw(width, height));
        return terminal.Output;
    }
}
