using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Delivery.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("http://rm:32308")]
    [InlineData("https://rm.example.com/spin/")]
    [InlineData("")]
    public void A_good_BaseUrl_passes(string baseUrl) => Assert.Empty(Wrong(("JobRunner__RequestManager__BaseUrl", baseUrl)));

    [Theory]
    [InlineData("ftp://x", "JobRunner__RequestManager__BaseUrl \"ftp://x\" must be an absolute http or https URL")]
    [InlineData("rm:32308", "JobRunner__RequestManager__BaseUrl \"rm:32308\" must be an absolute http or https URL")]
    [InlineData("/api", "JobRunner__RequestManager__BaseUrl \"/api\" must be an absolute http or https URL")]
    [InlineData("http://rm/?x=1", "JobRunner__RequestManager__BaseUrl \"http://rm/?x=1\" must end with a host or a path, without ? or #")]
    [InlineData("http://rm/api/v1/", "JobRunner__RequestManager__BaseUrl \"http://rm/api/v1/\" must be given without /api/v1, which is added to it")]
    public void A_bad_BaseUrl_is_told_by_its_setting(string baseUrl, string message) =>
        Assert.Equal([message], Wrong(("JobRunner__RequestManager__BaseUrl", baseUrl)));

    [Fact]
    public void A_password_in_the_BaseUrl_is_refused_and_not_repeated() => Assert.DoesNotContain(
        "hunter2", Assert.Single(Wrong(("JobRunner__RequestManager__BaseUrl", "http://me:hunter2@rm"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("AttemptTimeout", "10", "JobRunner__RequestManager__AttemptTimeout is 10.00:00:00; it must be from 00:00:00.0100000 to 00:10:00")]
    [InlineData("AttemptDelay", "-00:00:01", "JobRunner__RequestManager__AttemptDelay is -00:00:01; it must be from 00:00:00 to 00:10:00")]
    [InlineData("Attempts", "0", "JobRunner__RequestManager__Attempts is 0; it must be from 1 to 100")]
    [InlineData("MaxStreamBytes", "16777217", "JobRunner__RequestManager__MaxStreamBytes is 16777217; it must be from 1024 to 16777216")]
    public void A_number_out_of_range_is_told_by_its_setting(string setting, string value, string message) =>
        Assert.Equal([message], Wrong(($"JobRunner__RequestManager__{setting}", value)));

    [Fact]
    public void Everything_wrong_is_told_at_once() => Assert.Equal(
        4,
        Wrong(
            ("JobRunner__RequestManager__BaseUrl", "x"),
            ("JobRunner__RequestManager__Attempts", "-1"),
            ("JobRunner__RequestManager__MaxStreamBytes", "1"),
            ("JobRunner__JobLogStore__Path", " ")).Count);

    [Fact]
    public void A_folder_as_path_of_the_store_is_refused()
    {
        Assert.Equal(
            [$"JobRunner__JobLogStore__Path \"{Path.GetTempPath()}\" is a folder; it must be a file"],
            Wrong(("JobRunner__JobLogStore__Path", Path.GetTempPath())));
    }

    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        var rm = new RequestManagerOptions();

        Assert.Equal(
            (null, TimeSpan.FromSeconds(10), 5, TimeSpan.FromMilliseconds(500), 2_097_152, true),
            (rm.BaseUrl, rm.AttemptTimeout, rm.Attempts, rm.AttemptDelay, rm.MaxStreamBytes, rm.StrictIds));
        Assert.Equal(Path.Combine("/home/me/.local/share", "jobrunner", "job-logs.db"), JobLogStoreOptions.DefaultPath("/home/me/.local/share"));
        Assert.Equal("job-logs.db", JobLogStoreOptions.DefaultPath(""));
    }

    [Fact]
    public async Task BaseUrl_picks_the_Request_Manager_and_its_absence_the_file()
    {
        await using var toRm = new Delivery(null, ("JobRunner__RequestManager__BaseUrl", "http://rm"));
        await using var toFile = new Delivery(null, ("JobRunner__JobLogStore__Path", "unused.db"));

        Assert.IsType<RequestManagerClient>(toRm.Store);
        Assert.Same(toRm.Store, toRm.Reader);
        Assert.IsType<SqliteJobLogStore>(toFile.Store);
        Assert.Same(toFile.Store, toFile.Reader);
        Assert.Contains(toRm.LogLines.GetSnapshot(), line => line.Message == "Job logs go to the Request Manager at http://rm");
        Assert.Contains(toFile.LogLines.GetSnapshot(), line => line.Message.EndsWith("unused.db", StringComparison.Ordinal));
        Assert.False(File.Exists("unused.db"));
    }

    internal static List<string> Wrong(params (string Name, string Value)[] settings)
    {
        using var services = (ServiceProvider)new Delivery(null, settings).Services;
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException error)
        {
            return [.. error.Failures];
        }
        catch (AggregateException error)
        {
            return [.. error.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures)];
        }
    }
}
