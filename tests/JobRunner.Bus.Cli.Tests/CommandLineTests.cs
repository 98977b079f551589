using JobRunner.Bus.Cli.Commands;

namespace JobRunner.Bus.Cli.Tests;

public sealed class CommandLineTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("bogus")]
    [InlineData("run")]
    [InlineData("run --slots 0 -")]
    [InlineData("run --slots many -")]
    [InlineData("run --bogus -")]
    [InlineData("run - --broker amqp://x")]
    [InlineData("stop")]
    [InlineData("stop r1 a b")]
    [InlineData("stop r1 --timeout soon")]
    [InlineData("stop r1 --timeout 0")]
    [InlineData("ps --json --watch")]
    [InlineData("logs")]
    [InlineData("worker --solts 4")]
    [InlineData("worker --JobRunner:Worker:Slots")]
    [InlineData("ps --broker http://rabbit")]
    [InlineData("ps --broker rabbit:5672")]
    [InlineData("submit nowhere.json")]
    public async Task Wrong_usage_ends_with_2_and_says_why(string line)
    {
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync(line));

        Assert.Empty(_cli.Output);
        Assert.StartsWith("jobrunner: ", _cli.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help", "jobrunner run examples/backup-chain.json")]
    [InlineData("worker --help", "jobrunner worker --JobRunner:Worker:Slots 8")]
    [InlineData("run --help", "jobrunner run examples/one-job.json --json")]
    [InlineData("submit --help", "jobrunner submit --wait")]
    [InlineData("stop --help", "--timeout 2m")]
    [InlineData("ps --help", "--watch")]
    [InlineData("logs --help", "--full")]
    [InlineData("topology --help", "definitions.json")]
    [InlineData("completion --help", "jobrunner completion bash")]
    public async Task Help_has_examples(string line, string example)
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync(line));

        Assert.Contains($"Examples:{Environment.NewLine}", _cli.Output, StringComparison.Ordinal);
        Assert.Contains(example, _cli.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_option_goes_before_the_environment()
    {
        await _cli.RunAsync("ps --broker amqps://other/");
        await _cli.RunAsync("ps");

        Assert.Equal(["other:5671, virtual host \"/\"", "rabbit:5673, virtual host \"jobs\""], _cli.Addresses);
    }

    [Fact]
    public async Task Without_any_broker_both_ways_to_name_one_are_told()
    {
        _cli.Variable = null;

        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("ps"));

        Assert.Contains("--broker", _cli.Error, StringComparison.Ordinal);
        Assert.Contains("JobRunner__RabbitMq__Uri", _cli.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_address_is_refused_without_showing_its_password()
    {
        _cli.Variable = "amqp://me:secret@rabbit:port/jobs";

        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("ps"));

        Assert.StartsWith("jobrunner: JobRunner__RabbitMq__Uri is not", _cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _cli.Error, StringComparison.Ordinal);
    }
}
