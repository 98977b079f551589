using JobRunner.Bus.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The settings a worker would start with here.</summary>
internal static class WorkerSettings
{
    /// <summary>Section Worker, checked.</summary>
    public static WorkerOptions Read()
    {
        DurationConverter.Register();
        var configuration = Host.CreateApplicationBuilder().Configuration;
        var services = new ServiceCollection();
        services.AddOptionsWithValidateOnStart<WorkerOptions, WorkerOptionsRules>()
            .Bind(configuration.GetSection(WorkerOptions.Section), binder => binder.ErrorOnUnknownConfiguration = true);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<WorkerOptions>>().Value;
    }
}
