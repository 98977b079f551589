using JobRunner.Bus.Chains.Service;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The process of <c>jobrunner worker</c>: a host like any other, with the built-in jobs.</summary>
internal static class WorkerHost
{
    /// <summary>The host, not started.</summary>
    public static IHost Build(WorkerArguments arguments)
    {
        var builder = Host.CreateApplicationBuilder([.. arguments.Settings]);
        if (arguments.BrokerUri is { } uri)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["JobRunner:Transport"] = nameof(TransportKind.RabbitMq),
                ["JobRunner:RabbitMq:Uri"] = uri,
                ["JobRunner:RabbitMq:UriFile"] = "",
            });
        }

        builder.AddJobRunnerHost(bus => bus.AddChainConsumers());
        builder.Services.AddJobRunnerChains(builder.Configuration);
        builder.Services.AddSingleton(services => new MorePages(routes => routes.MapSpinCycleApi(services)));
        builder.Services.AddBuiltInJobs();
        builder.Services.AddSingleton<IValidateOptions<TransportOptions>, BrokerOnly>();
        return builder.Build();
    }

    /// <summary>The program has no code of its own that could send itself a command.</summary>
    private sealed class BrokerOnly(IConfiguration configuration) : IValidateOptions<TransportOptions>
    {
        public ValidateOptionsResult Validate(string? name, TransportOptions options) =>
            options.Transport == TransportKind.InMemory && !string.IsNullOrEmpty(configuration["JobRunner:Transport"])
                ? ValidateOptionsResult.Fail(
                    "a worker on the InMemory transport has no way in: set JobRunner__Transport=RabbitMq and JobRunner__RabbitMq__Uri, "
                    + "or pass --broker amqp://user:password@host:5672/vhost. To run a file without a broker: jobrunner run FILE")
                : ValidateOptionsResult.Skip;
    }
}
