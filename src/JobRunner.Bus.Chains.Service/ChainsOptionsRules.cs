using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service;

internal sealed class ChainsOptionsRules(IOptions<WorkerOptions> worker, IOptions<TransportOptions> transport) : IValidateOptions<ChainsOptions>
{
    public ValidateOptionsResult Validate(string? name, ChainsOptions options)
    {
        var rules = new OptionRules(ChainsOptions.Section)
            .Range(nameof(options.Concurrency), options.Concurrency, 1, 1_000)
            .Range(nameof(options.KeepEnded), options.KeepEnded, TimeSpan.FromMinutes(1), TimeSpan.FromDays(3660))
            .Range(nameof(options.SendAgainAfter), options.SendAgainAfter, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (HasRole() && transport.Value.Transport != TransportKind.RabbitMq)
        {
            rules.Wrong($"{OptionRules.EnvironmentName(WorkerOptions.Section, nameof(WorkerOptions.Roles))} names Chain, which needs JobRunner__Transport=RabbitMq");
        }

        if (options.PublicUrl is { } url && !(Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" && address.PathAndQuery == "/"))
        {
            rules.Wrong(nameof(options.PublicUrl), url, "must be an address such as http://chains.example.com:9090, without a path");
        }

        if (!Enum.IsDefined(options.Store))
        {
            rules.Wrong(nameof(options.Store), options.Store.ToString(), "must be Sqlite, PostgreSql or MySql");
        }
        else if (options.Store != ChainStoreKind.Sqlite && string.IsNullOrWhiteSpace(options.ConnectionString))
        {
            rules.Wrong(nameof(options.ConnectionString), "", $"must say how to connect to {options.Store}");
        }
        else
        {
            CheckConnectionString(options, rules);
        }

        return rules.Result();
    }

    private bool HasRole()
    {
        try
        {
            return worker.Value.Roles.HasFlag(WorkerRoles.Chain);
        }
        catch (OptionsValidationException)
        {
            // Told by its own rules.
            return false;
        }
    }

    private static void CheckConnectionString(ChainsOptions options, OptionRules rules)
    {
        try
        {
            _ = Store.ChainDatabase.Of(options);
        }
        catch (ArgumentException error)
        {
            // Not its value: it may hold a password.
            rules.Wrong($"{OptionRules.EnvironmentName(ChainsOptions.Section, nameof(options.ConnectionString))} is no connection string of {options.Store}: {error.Message}");
        }
    }
}
