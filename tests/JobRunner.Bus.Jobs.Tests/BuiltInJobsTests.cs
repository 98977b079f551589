using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class BuiltInJobsTests
{
    [Fact]
    public async Task Four_types_are_known_under_their_exact_names()
    {
        await using var worker = new TestWorker();
        var error = Assert.Throws<UnknownJobTypeException>(() => worker.Make("Noop", null));
        Assert.Equal(
            "unknown job type \"Noop\"; this worker knows http-request, noop, shell-command, sleep", error.Message);
    }

    [Fact]
    public async Task Without_settings_the_defaults_hold()
    {
        await using var worker = new TestWorker();
        var options = worker.Services.GetRequiredService<IOptions<BuiltInJobsOptions>>().Value;

        Assert.False(options.Shell.Enabled);
        Assert.Equal(TimeSpan.FromSeconds(10), options.Shell.GracePeriod);
        Assert.Equal(1_048_576, options.Shell.MaxOutputBytes);
        Assert.Equal(TimeSpan.FromSeconds(100), options.Http.Timeout);
        Assert.Equal(1_048_576, options.Http.MaxBodyBytes);
    }

    [Theory]
    [InlineData("Shell:GracePeriod", "-00:00:01", "JobRunner__Jobs__Shell__GracePeriod is -00:00:01")]
    [InlineData("Shell:GracePeriod", "01:00:01", "JobRunner__Jobs__Shell__GracePeriod is 01:00:01")]
    [InlineData("Shell:MaxOutputBytes", "1023", "JobRunner__Jobs__Shell__MaxOutputBytes is 1023")]
    [InlineData("Shell:MaxOutputBytes", "67108865", "JobRunner__Jobs__Shell__MaxOutputBytes is 67108865")]
    [InlineData("Http:Timeout", "00:00:00", "JobRunner__Jobs__Http__Timeout is 00:00:00")]
    [InlineData("Http:Timeout", "1.00:00:01", "JobRunner__Jobs__Http__Timeout is 1.00:00:01")]
    [InlineData("Http:MaxBodyBytes", "0", "JobRunner__Jobs__Http__MaxBodyBytes is 0")]
    public async Task A_wrong_setting_names_itself_at_start(string name, string value, string message)
    {
        await using var worker = new TestWorker(null, (name, value));
        var error = Assert.Throws<OptionsValidationException>(
            () => worker.Services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Shell:GracePeriod", "00:00:00")]
    [InlineData("Shell:GracePeriod", "01:00:00")]
    [InlineData("Shell:MaxOutputBytes", "1024")]
    [InlineData("Http:MaxBodyBytes", "67108864")]
    [InlineData("Http:Timeout", "1.00:00:00")]
    [InlineData("Shell:Enabled", "true")]
    public async Task Values_at_the_bounds_are_good(string name, string value)
    {
        await using var worker = new TestWorker(null, (name, value));
        worker.Services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Fact]
    public async Task Every_wrong_setting_is_told_at_once()
    {
        await using var worker = new TestWorker(null, ("Http:MaxBodyBytes", "1"), ("Shell:MaxOutputBytes", "2"));
        var error = Assert.Throws<OptionsValidationException>(
            () => worker.Services.GetRequiredService<IStartupValidator>().Validate());
        Assert.Equal(2, error.Failures.Count());
    }
}
