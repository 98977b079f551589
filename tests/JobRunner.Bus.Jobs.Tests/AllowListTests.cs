using System.Net;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Tests;

/// <summary>What the worker's owner lets jobs do.</summary>
public sealed class AllowListTests
{
    private static string Request(string url, bool follow = false) => $$"""{"url":"{{url}}","followRedirects":{{(follow ? "true" : "false")}}}""";

    [Theory]
    [InlineData("http://example.com/", true)]
    [InlineData("http://EXAMPLE.com./", true)]
    [InlineData("http://api.inner.example.com:8080/", true)]
    [InlineData("http://[::1]/", true)]
    [InlineData("http://inner.example.com/", false)]
    [InlineData("http://example.com.evil.org/", false)]
    [InlineData("http://evilinner.example.com/", false)]
    [InlineData("http://example.com@evil.org/", false)]
    [InlineData("http://127.0.0.1/", false)]
    public async Task A_host_that_is_not_on_the_list_is_refused_without_a_try(string url, bool allowed)
    {
        await using var worker = new TestWorker(null, ("Http:AllowedHosts", "example.com, *.inner.example.com, ::1"));

        var refused = Record.Exception(() => worker.Make(BuiltInJobs.HttpRequest, Request(url)));

        Assert.True(allowed ? refused is null : refused!.Message.Contains("JobRunner__Jobs__Http__AllowedHosts", StringComparison.Ordinal), refused?.Message);
    }

    [Fact]
    public async Task A_redirect_to_a_host_that_is_not_on_the_list_is_not_followed()
    {
        var asked = 0;
        await using var other = await TestServer.StartAsync(_ =>
        {
            asked++;
            return Task.CompletedTask;
        });
        await using var server = await TestServer.StartAsync(http =>
        {
            http.Response.Redirect(other.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
            return Task.CompletedTask;
        });
        await using var worker = new TestWorker(null, ("Http:AllowedHosts", "127.0.0.1"));

        var result = await worker.RunAsync(BuiltInJobs.HttpRequest, Request(server.Address, follow: true));

        Assert.Equal((JobState.Fail, 0), (result.State, asked));
        Assert.Contains("host \"localhost\" is not among those", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("169.254.169.254", true)]
    [InlineData("169.254.0.1", true)]
    [InlineData("::ffff:169.254.169.254", true)]
    [InlineData("64:ff9b::a9fe:a9fe", true)]
    [InlineData("fe80::1", true)]
    [InlineData("fd00:ec2::254", true)]
    [InlineData("100.100.100.200", true)]
    [InlineData("168.63.129.16", true)]
    [InlineData("fd20:ce::254", true)]
    [InlineData("192.0.0.192", true)]
    [InlineData("::ffff:192.0.0.192", true)]
    [InlineData("2002:a9fe:a9fe::1", true)]
    [InlineData("2002:6464:64c8::", true)]
    [InlineData("64:ff9b:1::a9fe:a9fe", true)]
    [InlineData("64:ff9b:1:fffe::a83f:8110", true)]
    [InlineData("::169.254.169.254", true)]
    [InlineData("2001:0:4136:e378:8000:63bf:5601:5601", true)]
    [InlineData("2002:7f00:1::1", false)]
    [InlineData("64:ff9b::a00:1", false)]
    [InlineData("::1", false)]
    [InlineData("192.0.0.193", false)]
    [InlineData("127.0.0.1", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("169.253.1.1", false)]
    [InlineData("fd00:ec3::1", false)]
    [InlineData("2001:db8::1", false)]
    public void Link_local_and_metadata_addresses_are_known(string address, bool known) =>
        Assert.Equal(known, AllowedTargets.IsLinkLocalOrMetadata(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://2852039166/")]
    public async Task A_metadata_address_is_not_connected_to_however_it_is_written(string url)
    {
        await using var worker = new TestWorker();

        var result = await worker.RunAsync(BuiltInJobs.HttpRequest, Request(url));

        Assert.Equal(JobState.Fail, result.State);
        Assert.Contains("JobRunner__Jobs__Http__AllowLinkLocal", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/echo", new[] { "-n", "backup-7" }, null)]
    [InlineData("echo", new[] { "-n", "backup-7" }, null)]
    [InlineData("/bin/echo", new[] { "-n", "backup-7x" }, "but not with these arguments")]
    [InlineData("/bin/echo", new[] { "-n", "backup-7\nrm" }, "but not with these arguments")]
    [InlineData("/bin/echo", new[] { "-n" }, "but not with these arguments")]
    [InlineData("/bin/echo", new[] { "-n", "backup-7", "more" }, "but not with these arguments")]
    [InlineData("/bin/cat", new[] { "/dev/null", "/dev/null" }, null)]
    [InlineData("/bin/cat", new[] { "/dev/null", "/etc/passwd" }, "but not with these arguments")]
    [InlineData("/bin/sh", new[] { "-c", "id" }, "is not among the programs")]
    [InlineData("/bin/../bin/sh", new[] { "-c", "id" }, "is not among the programs")]
    public async Task A_command_runs_only_as_a_rule_allows(string command, string[] arguments, string? refusal)
    {
        // A name is found on PATH, in whichever folder comes first.
        var echo = "/bin/echo";
        var found = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "echo")).First(File.Exists);
        await using var worker = TestWorker.WithShell(
            ("Shell:AllowedCommands:0:Path", command == "echo" ? found : echo),
            ("Shell:AllowedCommands:0:Arguments:0", "-n"),
            ("Shell:AllowedCommands:0:Arguments:1", "backup-[0-9]+"),
            ("Shell:AllowedCommands:1:Path", "/bin/cat"),
            ("Shell:AllowedCommands:1:MoreArguments", "/dev/.*"));

        JobState? state = null;
        var error = await Record.ExceptionAsync(async () => state = (await worker.RunCommandAsync(command, arguments)).State);

        if (refusal is null)
        {
            Assert.Null(error);
            Assert.Equal(JobState.Complete, state);
        }
        else
        {
            Assert.Contains(refusal, error!.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(arguments[^1], error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rules_that_make_no_sense_are_told_at_start()
    {
        await using var worker = TestWorker.WithShell(
            ("Shell:AllowedCommands:0:Path", "echo"),
            ("Shell:AllowedCommands:1:Path", "/bin/echo"),
            ("Shell:AllowedCommands:1:Arguments:0", "(a"),
            ("Http:AllowedHosts", "example.com, http://example.com/x"));

        var error = Assert.Throws<OptionsValidationException>(() => worker.Services.GetRequiredService<IOptions<BuiltInJobsOptions>>().Value);

        Assert.Contains(error.Failures, failure => failure.StartsWith("JobRunner__Jobs__Shell__AllowedCommands__0: Path is \"echo\"", StringComparison.Ordinal));
        Assert.Contains(error.Failures, failure => failure.StartsWith("JobRunner__Jobs__Shell__AllowedCommands__1: pattern \"(a\"", StringComparison.Ordinal));
        Assert.Contains(error.Failures, failure => failure.Contains("names \"http://example.com/x\"", StringComparison.Ordinal));
    }
}
