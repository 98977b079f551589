namespace JobRunner.Bus.Contracts.Tests;

public sealed class RunJobRulesTests
{
    private static readonly RunJob Good = new() { RequestId = "r", Job = new Job { Id = "j", Type = "noop" } };

    public static TheoryData<string, RunJob> WithinBounds => new()
    {
        { "nothing but ids", Good },
        { "no retries left", With(Good.Job with { Retry = 2 }) with { PrevTries = 3 } },
        { "some retries left", With(Good.Job with { Retry = 2 }) with { PrevTries = 2 } },
        { "most retries", With(Good.Job with { Retry = RunJobRules.MaxTry - 1 }) },
        { "most tries before", Good with { TotalTries = RunJobRules.MaxTry - 1 } },
        { "waits", With(Good.Job with { RetryWait = "1h30m" }) with { Timeout = "1.5s" } },
        { "no waits", With(Good.Job with { RetryWait = "" }) with { Timeout = "0" } },
        { "waits that grow", With(Good.Job with { RetryWait = "1s", RetryBackoff = 2.5, RetryWaitMax = "10m", RetryJitter = 0.2 }) },
        { "the least of each", With(Good.Job with { RetryBackoff = 1, RetryWaitMax = "0", RetryJitter = 0 }) with { Heartbeat = "0" } },
        { "the most of each", With(Good.Job with { RetryBackoff = 1000, RetryWaitMax = "2562047h", RetryJitter = 1 }) with { Heartbeat = "2562047h" } },
        { "a sequence's wait is the scheduler's", With(Good.Job with { SequenceRetryWait = "soon" }) },
    };

    public static TheoryData<RunJob, string> Broken => new()
    {
        { Good with { RequestId = "" }, "requestId is missing or empty" },
        { Good with { RequestId = " \t" }, "requestId is missing or empty" },
        { With(Good.Job with { Id = "" }), "job.id is missing or empty" },
        { With(Good.Job with { Type = "" }), "job.type is missing or empty" },
        { With(Good.Job with { Retry = -1 }), "job.retry is -1; it must be 0 or more" },
        { With(Good.Job with { Retry = RunJobRules.MaxTry }), "job.retry is 32767; it must be at most 32766" },
        { With(Good.Job with { Retry = long.MaxValue }), "job.retry is 9223372036854775807; it must be at most 32766" },
        { Good with { PrevTries = -1 }, "prevTries is -1; it must be from 0 to 1 + job.retry = 1" },
        { With(Good.Job with { Retry = 2 }) with { PrevTries = 4 }, "prevTries is 4; it must be from 0 to 1 + job.retry = 3" },
        { Good with { PrevTries = long.MaxValue }, "prevTries is 9223372036854775807" },
        { Good with { TotalTries = -1 }, "totalTries is -1; it must be from 0 to 32766" },
        { Good with { TotalTries = RunJobRules.MaxTry }, "totalTries is 32767; it must be from 0 to 32766" },
        { With(Good.Job with { RetryWait = "soon" }), "job.retryWait \"soon\" is not a duration" },
        { With(Good.Job with { RetryWait = "-1ns" }), "job.retryWait \"-1ns\" is negative" },
        { Good with { Timeout = "1d" }, "timeout \"1d\" is not a duration" },
        { With(Good.Job with { RetryWaitMax = "long" }), "job.retryWaitMax \"long\" is not a duration" },
        { With(Good.Job with { RetryWaitMax = "-1s" }), "job.retryWaitMax \"-1s\" is negative" },
        { With(Good.Job with { RetryBackoff = 0.5 }), "job.retryBackoff is 0.5; it must be from 1 to 1000" },
        { With(Good.Job with { RetryBackoff = 1000.5 }), "job.retryBackoff is 1000.5; it must be from 1 to 1000" },
        { With(Good.Job with { RetryBackoff = double.PositiveInfinity }), "job.retryBackoff is Infinity; it must be from 1 to 1000" },
        { With(Good.Job with { RetryBackoff = double.NaN }), "job.retryBackoff is NaN; it must be from 1 to 1000" },
        { With(Good.Job with { RetryJitter = -0.1 }), "job.retryJitter is -0.1; it must be from 0 to 1" },
        { With(Good.Job with { RetryJitter = 1.1 }), "job.retryJitter is 1.1; it must be from 0 to 1" },
        { Good with { Heartbeat = "often" }, "heartbeat \"often\" is not a duration" },
        { Good with { Heartbeat = "-1s" }, "heartbeat \"-1s\" is negative" },
        { Good with { Timeout = "-1s" }, "timeout \"-1s\" is negative" },
    };

    [Theory]
    [MemberData(nameof(WithinBounds), DisableDiscoveryEnumeration = true)]
    public void A_command_within_the_rules_is_good(string what, RunJob command) =>
        Assert.True(RunJobRules.Check(command).Count == 0, what);

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public void A_broken_rule_names_the_field_and_what_it_may_be(RunJob command, string message) =>
        Assert.StartsWith(message, Assert.Single(RunJobRules.Check(command)), StringComparison.Ordinal);

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var wrong = RunJobRules.Check(new RunJob
        {
            Job = new Job { Retry = -1, RetryWait = "x" },
            PrevTries = -1,
            TotalTries = -1,
            Timeout = "y",
        });

        Assert.Equal(
            ["requestId", "job.id", "job.type", "job.retry", "totalTries", "job.retryWait", "timeout"],
            wrong.Select(message => message.Split(' ')[0]));
    }

    private static RunJob With(Job job) => Good with { Job = job };

    [Theory]
    [InlineData("""{"RequestId":"r","job":{"id":"j","type":"t"}}""", "requestId is missing or empty; there is a \"RequestId\", but names are camelCase")]
    [InlineData("""{"requestId":"r","job":{"ID":"j","type":"t"}}""", "job.id is missing or empty; there is a \"ID\", but names are camelCase")]
    [InlineData("""{"requestId":"r","Job":{"id":"j","type":"t"}}""", "job.type is missing or empty; there is a \"Job\", but names are camelCase")]
    public void A_name_in_another_case_is_hinted_at(string body, string problem) =>
        Assert.Contains(problem, RunJobRules.Check(Wire.Deserialize<RunJob>(System.Text.Encoding.UTF8.GetBytes(body))));
}
