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
    [InlineData("JobRunner:Worker:Slot", "8")]
    [InlineData("JobRunner:RabbitMq:Url", "amqp://rabbit")]
    public async Task A_setting_that_does_not_exist_is_told(string name, string value)
    {
        using var host = Build((name, value));

        var error = await Assert.ThrowsAnyAsync<Exception>(() => host.StartAsync());

        Assert.Contains(name[(name.LastIndexOf(':') + 1)..], error.ToString(), StringComparison.Ordinal);
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
