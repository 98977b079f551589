using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

/// <summary>A broker that is named is meant; and names that no section has are told here, since this is validated first.</summary>
internal sealed class TransportOptionsRules(SettingsCheck check) : IValidateOptions<TransportOptions>
{
    public ValidateOptionsResult Validate(string? name, TransportOptions options)
    {
        List<string> wrong = [.. check.Problems()];
        if (!check.IsSet(TransportOptions.Path))
        {
            wrong.AddRange(BrokerSettings.Where(setting => check.IsSet($"{RabbitMqOptions.Section}:{setting}")).Take(1).Select(setting =>
                $"{OptionRules.EnvironmentName(RabbitMqOptions.Section, setting)} is set, but JobRunner__Transport is not and is therefore InMemory, "
                + "which reaches no broker; set JobRunner__Transport=RabbitMq, or InMemory to leave the broker out"));
        }

        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }

    private static readonly string[] BrokerSettings = [nameof(RabbitMqOptions.Uri), nameof(RabbitMqOptions.UriFile)];
}
