using JobRunner.Bus.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Settings;

/// <summary>Settings as a host reads them.</summary>
public sealed class HostSettingsTests
{
    [Fact]
    public async Task A_host_with_wrong_settings_does_not_start_and_tells_all_of_them_without_secrets()
    {
        using var host = Build(
            ("JobRunner:Transport", "RabbitMq"),
            ("JobRunner:RabbitMq:Uri", "http://guest:hunter2@rabbit"),
            ("JobRunner:Worker:Slots", "0"),
            ("JobRunner:Worker:Lease", "1ms"),
            ("JobRunner:JobLogStore:Path", " "));

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        var told = error.ToString();
        Assert.All(
            ["JobRunner__RabbitMq__Uri", "JobRunner__Worker__Slots", "JobRunner__Worker__Lease", "JobRunner__JobLogStore__Path"],
            name => Assert.Contains(name, told, StringComparison.Ordinal));
        Assert.DoesNotContain("hunter2", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("JobRunner:Worker:Slot", "8", "JobRunner__Worker__Slot is no setting; did you mean JobRunner__Worker__Slots?")]
    [InlineData("JobRunner:RabbitMq:Url", "amqp://rabbit", "JobRunner__RabbitMq__Url is no setting; did you mean JobRunner__RabbitMq__Uri?")]
    [InlineData("JobRunner:Wroker:Slots", "8", "JobRunner__Wroker__Slots is no setting; did you mean JobRunner__Worker__Slots?")]
    [InlineData("JobRunner:Roles", "Run", "JobRunner__Roles is no setting; did you mean JobRunner__Worker__Roles?")]
    [InlineData("JobRunner:Trasnport", "RabbitMq", "JobRunner__Trasnport is no setting; did you mean JobRunner__Transport?")]
    [InlineData("JobRunner:RequestManager:BaseUri", "http://rm", "JobRunner__RequestManager__BaseUri is no setting; did you mean JobRunner__RequestManager__BaseUrl?")]
    [InlineData("JobRunner:JobLogStore:File", "x", "JobRunner__JobLogStore__File is no setting")]
    [InlineData("JobRunner:Worker:Slots", "many", "JobRunner__Worker__Slots is \"many\"; it must be a whole number")]
    [InlineData("JobRunner:Worker:Lease", "5 parsecs", "JobRunner__Worker__Lease is \"5 parsecs\"; it must be a length of time such as 500ms, 30s or 1m30s")]
    [InlineData("JobRunner:Worker:Roles", "Dance", "JobRunner__Worker__Roles is \"Dance\"; it must be Run or Report")]
    [InlineData("JobRunner:Transport", "Pigeon", "JobRunner__Transport is \"Pigeon\"; it must be InMemory or RabbitMq")]
    [InlineData("JobRunner:RabbitMq:Uri", "amqp://rabbit", "JobRunner__RabbitMq__Uri is set, but JobRunner__Transport is not")]
    [InlineData("JobRunner:RabbitMq:UriFile", "/run/uri", "JobRunner__RabbitMq__UriFile is set, but JobRunner__Transport is not")]
    public async Task A_setting_that_nobody_would_read_is_told_with_what_was_meant(string name, string value, string says)
    {
        using var host = Build((name, value), ("JobRunner:Worker:MaxRunners", "0"));

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());
        var problems = SettingsProblems.Of(host.Services);

        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.Contains(problems, problem => problem.StartsWith(says, StringComparison.Ordinal));
        Assert.Equal(problems.Count, problems.Distinct().Count());
    }

    [Theory]
    [InlineData("JobRunner:Jobs:MyJob:Path", "/data")]
    [InlineData("JobRunner:Http:Port", "8080")]
    [InlineData("JobRunner:Chains:Store", "Sqlite")]
    [InlineData("jobrunner:worker:SLOTS", "8")]
    public void Settings_of_other_parts_and_of_a_job_authors_own_are_left_alone(string name, string value)
    {
        using var host = Build((name, value));

        Assert.Empty(SettingsProblems.Of(host.Services));
    }

    [Fact]
    public void The_host_gives_the_drain_the_time_it_needs()
    {
        using var host = Build(("JobRunner:Worker:DrainTimeout", "10m"), ("JobRunner:Worker:StopTimeout", "2m"));

        Assert.InRange(
            host.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout, TimeSpan.FromMinutes(12.1), TimeSpan.FromMinutes(13));
    }

    [Fact]
    public void Roles_are_read_as_a_list()
    {
        using var host = Build(("JobRunner:Worker:Roles", "Run,Report"));
        using var runs = Build(("JobRunner:Worker:Roles", "run"));

        Assert.Equal(WorkerRoles.Run | WorkerRoles.Report, RolesOf(host));
        Assert.Equal(WorkerRoles.Run, RolesOf(runs));
    }

    private static WorkerRoles RolesOf(IHost host) => host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Roles;

    private static IHost Build(params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value)));
        builder.Services.AddJobRunner(builder.Configuration);
        return builder.Build();
    }
}
