using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

/// <summary>Registers sections of settings.</summary>
internal static class SettingsServices
{
    /// <summary>Binds a section to its options, which are validated when the host starts; the names in it are checked with all others.</summary>
    public static IServiceCollection AddSettings<TOptions, TRules>(this IServiceCollection services, IConfiguration configuration, string section)
        where TOptions : class
        where TRules : class, IValidateOptions<TOptions>
    {
        DurationConverter.Register();
        services.AddSingleton(new SettingsSection(section, typeof(TOptions)));
        services.AddOptionsWithValidateOnStart<TOptions, TRules>().Configure(options => Bind(configuration.GetSection(section), options));
        return services;
    }

    private static void Bind<TOptions>(IConfigurationSection section, TOptions options)
        where TOptions : class
    {
        try
        {
            section.Bind(options);
        }
        catch (InvalidOperationException)
        {
            // The binder stops at the first value that does not fit, and tells it in words of its own.
            throw new OptionsValidationException("", typeof(TOptions), SettingsCheck.Unfit(section, typeof(TOptions)));
        }
    }
}
