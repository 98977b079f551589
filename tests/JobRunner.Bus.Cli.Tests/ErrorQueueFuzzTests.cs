using System.Text;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Whatever lies in an error queue or in the journal: it is listed, shown, sent back or discarded, and nothing is lost on the way.</summary>
public sealed class ErrorQueueFuzzTests
{
    private const int Messages = 100;

    private static readonly string?[] Reasons =
        [null, "", "broke", new string('x', 78) + "😀tail", new string('x', 79) + "😀", "\ud83d", "a\nb\u001b[2J", "request \"c0ffee0000000000abcd\" 123456"];

    private static readonly string?[] Times =
        [null, "", "now", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00", "2026-01-02T11:00:00Z", "2026-13-45"];

    // As the broker's own properties can have it; in the body there are others.
    private static readonly long?[] Stamps = [null, 0, -1, 1, long.MinValue, long.MaxValue, 253_402_300_799, 1_767_351_600];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Errors_are_listed_shown_sent_back_and_discarded_whatever_they_are(int seed)
    {
        var bodies = new AnyBody(seed);
        for (var round = 0; round < 250; round++)
        {
            try
            {
                await RoundAsync(bodies, new Random((seed * 1_000) + round));
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round} of {Messages} messages: {error}");
            }
        }
    }

    private static async Task RoundAsync(AnyBody bodies, Random random)
    {
        using var cli = new CliHarness();
        for (var number = 0; number < Messages; number++)
        {
            var (body, contentType) = bodies.Next();
            cli.Repair.Add(random.Next(2) == 0 ? Names.RunJob : Names.JobLogRecorded, body, Properties(random, contentType, number));
            if (number % 10 == 0)
            {
                var (entry, type) = bodies.Next();
                cli.Repair.Journal.Add(new(Pick(random, Names.JobLogRecorded, Names.RunJobWait, Names.JobFinished, ""), Properties(random, type, number), entry));
            }
        }

        Assert.Equal(ExitCodes.Success, await cli.RunAsync("errors list"));
        Assert.Equal(ExitCodes.Success, await cli.RunAsync("errors list --json"));
        Assert.Equal(ExitCodes.Success, await cli.RunAsync("errors show --limit 100"));
        Assert.Equal(ExitCodes.Success, await cli.RunAsync("errors show --json --limit 100"));
        Assert.InRange(await cli.RunAsync("errors retry --all"), ExitCodes.Success, ExitCodes.Failed);
        Assert.Empty(cli.Repair.Steps);

        Assert.InRange(await cli.RunAsync("errors retry --all --yes"), ExitCodes.Success, ExitCodes.Failed);
        var left = cli.Repair.Left(Names.RunJob).Count + cli.Repair.Left(Names.JobLogRecorded).Count;
        var dropped = cli.Output.Split(" dropped: ").Length - 1;
        Assert.Equal(Messages, cli.Repair.Sent.Count + left + dropped);

        Assert.Equal(ExitCodes.Success, await cli.RunAsync("errors discard --all --yes"));
        Assert.Empty(cli.Repair.Left(Names.RunJob).Concat(cli.Repair.Left(Names.JobLogRecorded)));
    }

    private static BasicProperties Properties(Random random, string? contentType, int number)
    {
        var headers = AnyBody.HeadersOf(random.Next());
        Set("MT-Fault-Message", Pick(random, Reasons));
        Set("MT-Fault-Timestamp", Pick(random, Times));
        var properties = new BasicProperties { Headers = random.Next(20) == 0 ? null : headers, MessageId = $"m{number}" };
        if (contentType is not null)
        {
            properties.ContentType = contentType;
        }

        if (Pick(random, Stamps) is { } stamp)
        {
            properties.Timestamp = new AmqpTimestamp(stamp);
        }

        return properties;

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                headers[name] = random.Next(4) == 0 ? value : Encoding.UTF8.GetBytes(value);
            }
        }
    }

    private static T Pick<T>(Random random, params T[] of) => of[random.Next(of.Length)];
}
