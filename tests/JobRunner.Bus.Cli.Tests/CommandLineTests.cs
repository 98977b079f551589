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
    [InlineData("run - --port 9000")]
    [InlineData("run - --dashboard --port 65536")]
    [InlineData("stop")]
    [InlineData("stop r1 a b")]
    [InlineData("stop r1 --timeout soon")]
    [InlineData("stop r1 --timeout 0")]
    [InlineData("logs")]
    [InlineData("worker --solts 4")]
    [InlineData("worker --JobRunner:Worker:Slots")]
    [InlineData("dashboard --broker rabbit:5672")]
    [InlineData("chains --limit 0")]
    [InlineData("chains --limit many")]
    [InlineData("dashboard --broker amqp://localhost --port 65536")]
    [InlineData("dashboard --broker amqp://localhost --port many")]
    [InlineData("dashboard --broker amqp://localhost --listen rabbit")]
    [InlineData("dashboard --broker amqp://localhost --listen *")]
    [InlineData("dashboard --broker amqp://localhost --listen 0.0.0.0")]
    [InlineData("dashboard --broker amqp://localhost --listen ::")]
    [InlineData("dashboard --broker amqp://localhost --token-file /nowhere/token")]
    [InlineData("dashboard --broker amqp://localhost --certificate /nowhere/certificate")]
    [InlineData("dashboard --broker amqp://localhost --key /nowhere/key")]
    [InlineData("ps --broker http://rabbit")]
    [InlineData("ps --broker rabbit:5672")]
    [InlineData("submit nowhere.json")]
    [InlineData("errors")]
    [InlineData("errors retry")]
    [InlineData("errors retry --queue run-job")]
    [InlineData("errors retry --all --request r1")]
    [InlineData("errors retry --all --yes --dry-run")]
    [InlineData("errors discard --yes")]
    [InlineData("errors discard --older-than yesterday")]
    [InlineData("errors retry --all --limit many")]
    [InlineData("errors list --queue stop-job")]
    [InlineData("errors list --limit 0")]
    [InlineData("errors list --older-than yesterday")]
    [InlineData("replay")]
    [InlineData("replay --since yesterday")]
    [InlineData("replay --since 2030-01-01T00:00:00Z")]
    [InlineData("replay --since 1h --until 2h")]
    [InlineData("move")]
    [InlineData("move --to rabbit:5672")]
    [InlineData("move --to amqp://localhost --broker amqp://localhost:5672/%2F")]
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
    [InlineData("run --help", "jobrunner run examples/release-chain.json --dashboard")]
    [InlineData("submit --help", "jobrunner submit --wait")]
    [InlineData("stop --help", "--timeout 2m")]
    [InlineData("ps --help", "--watch")]
    [InlineData("dashboard --help", "jobrunner dashboard --port 9000")]
    [InlineData("dashboard --help", "jobrunner dashboard --allow-actions")]
    [InlineData("dashboard --help", "jobrunner dashboard --listen")]
    [InlineData("logs --help", "--full")]
    [InlineData("topology --help", "definitions.json")]
    [InlineData("completion --help", "jobrunner completion bash")]
    [InlineData("errors --help", "jobrunner errors list")]
    [InlineData("errors list --help", "sort | uniq -c")]
    [InlineData("errors show --help", "--job aaaa")]
    [InlineData("errors retry --help", "jobrunner errors retry --all")]
    [InlineData("errors discard --help", "--older-than 720h")]
    [InlineData("replay --help", "--since 24h")]
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

    [Theory]
    [InlineData("dashboard --broker amqp://guest:guest@rabbit/jobs", 8090, false)]
    [InlineData("dashboard --broker amqp://guest:guest@rabbit/jobs --port 9000", 9000, false)]
    [InlineData("dashboard --broker amqp://guest:guest@rabbit/jobs --allow-actions", 8090, true)]
    public async Task The_dashboard_is_told_its_broker_its_port_and_whether_people_may_act(string line, int port, bool allowActions)
    {
        Assert.Equal(43, await _cli.RunAsync(line));

        Assert.Equal("rabbit:5672, virtual host \"jobs\"", _cli.Dashboard!.Broker.ToString());
        Assert.Equal((port, allowActions), (_cli.Dashboard.Port, _cli.Dashboard.AllowActions));
    }

    [Theory]
    [InlineData("", "127.0.0.1", false)]
    [InlineData("--listen ::1", "::1", false)]
    [InlineData("--token-file FILE", "127.0.0.1", true)]
    [InlineData("--listen 0.0.0.0 --token-file FILE", "0.0.0.0", true)]
    [InlineData("--listen * --token-file FILE", null, true)]
    public async Task The_dashboard_is_told_where_to_listen_and_the_file_of_its_token(string line, string? address, bool hasToken)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "a token, long enough");
            Assert.Equal(43, await _cli.RunAsync($"dashboard --broker amqp://guest:guest@rabbit/jobs {line.Replace("FILE", file, StringComparison.Ordinal)}"));
            Assert.Equal((address, hasToken ? file : null), (_cli.Dashboard!.Listen?.ToString(), _cli.Dashboard.TokenFile));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_dashboard_for_others_without_a_token_says_what_to_do()
    {
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("dashboard --broker amqp://localhost --listen 192.0.2.7"));
        Assert.StartsWith("jobrunner: --listen 192.0.2.7 would show the dashboard to everybody on the network: give --token-file FILE too", _cli.Error, StringComparison.Ordinal);
        Assert.Null(_cli.Dashboard);
    }

    [Fact]
    public async Task A_port_without_a_dashboard_is_refused_with_what_it_is_for()
    {
        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("run - --port 9000"));

        Assert.Contains("--port is where the dashboard is served: it needs --dashboard", _cli.Error, StringComparison.Ordinal);
        Assert.Null(_cli.Embedded);
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

        Assert.StartsWith("jobrunner: JobRunner__RabbitMq__Uri is \"(not shown)\"; it must be amqp://", _cli.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", _cli.Error, StringComparison.Ordinal);
    }
}
