using JobRunner.Bus.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The settings a worker would start with here.</summary>
internal static class WorkerSettings
{
    /// <summary>A section, checked.</summary>
    public static TOptions Read<TOptions, TRules>(string section)
        where TOptions : class
        where TRules : class, IValidateOptions<TOptions>
    {
        var configuration = Host.CreateApplicationBuilder().Configuration;
        var services = new ServiceCollection();
        services.AddSettings<TOptions, TRules>(configuration, section);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<TOptions>>().Value;
    }
}
