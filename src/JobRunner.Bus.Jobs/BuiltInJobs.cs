using JobRunner.Bus.Jobs.Http;
using JobRunner.Bus.Jobs.Shell;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs;

/// <summary>The job types every worker knows.</summary>
public static class BuiltInJobs
{
    /// <summary>Does nothing, well. Reads no bytes.</summary>
    public const string Noop = "noop";

    /// <summary>Waits. Bytes: <c>{"duration": nanoseconds}</c>.</summary>
    public const string Sleep = "sleep";

    /// <summary>Runs a program, without a shell. Bytes: <c>{"cmd": "/bin/echo", "args": ["a", "b"]}</c>.</summary>
    public const string ShellCommand = "shell-command";

    /// <summary>Sends an HTTP request. Bytes: <c>{"method": "POST", "url": "https://…", "expectedStatuses": [200]}</c>.</summary>
    public const string HttpRequest = "http-request";

    /// <summary>
    /// Registers <c>noop</c>, <c>sleep</c>, <c>shell-command</c> and <c>http-request</c>, set up by configuration section
    /// <c>JobRunner:Jobs</c> (see <see cref="BuiltInJobsOptions"/>, checked at start). A <c>shell-command</c> job fails
    /// with a message that says so unless the section turns it on.
    /// </summary>
    public static IServiceCollection AddBuiltInJobs(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IValidateOptions<BuiltInJobsOptions>, BuiltInJobsOptionsValidator>());
        services.AddOptions<BuiltInJobsOptions>()
            .BindConfiguration(BuiltInJobsOptions.Section)
            .ValidateOnStart();
        services.TryAddSingleton<AllowedCommands>();
        services.TryAddSingleton<AllowedTargets>();
        services.AddHttpRequestClients();
        services.TryAddSingleton<CommandGuard>();
        services.TryAddSingleton<CommandUsers>();

        return services
            .AddJob<NoopJob>(Noop)
            .AddJob<SleepJob>(Sleep)
            .AddJob<ShellCommandJob>(ShellCommand)
            .AddJob<HttpRequestJob>(HttpRequest);
    }
}
