using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ReplayCommandTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public ReplayCommandTests()
    {
        foreach (var (request, number, ended) in new[] { ("r1", 1, -3), ("r1", 2, -1), ("r2", 1, -2) })
        {
            _cli.Repair.AddToJournal(Names.JobLogRecorded, new JobLogRecorded
            {
                RequestId = request,
                JobId = "aaaa",
                Try = number,
                StartedAt = 1,
                FinishedAt = Chains.Noon.AddHours(ended).ToUnixTimeMilliseconds() * 1_000_000,
            }, ("MT-Activity-Id", "1"), ("x-stream-offset", "7"));
            _cli.Repair.AddToJournal(Names.JobFinished, new JobFinished { RequestId = request, JobId = "aaaa" });
            _cli.Repair.AddToJournal(Names.RunJobWait, new RunJob { RequestId = request });
        }
    }

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Logs_go_straight_to_the_queue_and_nothing_else_does()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("replay --since 24h"));

        Assert.Equal([Chains.Noon.AddDays(-1)], _cli.Repair.JournalReadSince);
        Assert.All(_cli.Repair.Sent, sent =>
        {
            Assert.Equal(("", Names.JobLogRecorded), (sent.Exchange, sent.RoutingKey));
            Assert.Empty(sent.Properties.Headers!);
        });
        Assert.Equal(_cli.Repair.Journal.Where(message => message.Exchange == Names.JobLogRecorded).Select(message => message.Body.ToArray()), _cli.Repair.Sent.Select(sent => sent.Body.ToArray()));
        Assert.Equal("3 logs sent to the queue job-log-recorded; 9 messages of the journal read.\n", _cli.Output.ReplaceLineEndings("\n"));
    }

    [Theory]
    [InlineData("--request r1", 2)]
    [InlineData("--request r1 --job bbbb", 0)]
    [InlineData("--until 90m", 2)]
    [InlineData("--until 2026-01-02T09:30:00Z", 1)]
    public async Task Filters_narrow_it(string filter, int count)
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"replay --since 2026-01-01T12:00:00Z --json {filter}"));

        Assert.Equal(count, _cli.Repair.Sent.Count);
        Assert.Equal((count, 9, true), ((int)JsonNode.Parse(_cli.Output)!["sent"]!, (int)JsonNode.Parse(_cli.Output)!["read"]!, (bool)JsonNode.Parse(_cli.Output)!["complete"]!));
    }

    [Fact]
    public async Task A_dry_run_only_counts()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("replay --since 24h --dry-run"));

        Assert.Empty(_cli.Repair.Sent);
        Assert.StartsWith("3 logs would be sent;", _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_is_lost_ends_it_and_says_how_far_it_came()
    {
        _cli.Repair.BreakAtSend = 2;

        Assert.Equal(ExitCodes.Failed, await _cli.RunAsync("replay --since 24h"));

        Assert.StartsWith("Not all of it: 1 logs sent", _cli.Output, StringComparison.Ordinal);
        Assert.Contains("connection to the broker was lost", _cli.Error, StringComparison.Ordinal);
    }
}
