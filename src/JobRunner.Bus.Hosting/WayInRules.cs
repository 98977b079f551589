using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

/// <summary>A worker that nothing can reach is a mistake, unless its host says that it sends itself its commands.</summary>
internal sealed class WayInRules(SettingsCheck check) : IValidateOptions<TransportOptions>
{
    public ValidateOptionsResult Validate(string? name, TransportOptions options) =>
        options.Transport != TransportKind.InMemory || check.IsSet(TransportOptions.Path) || check.IsSet($"{RabbitMqOptions.Section}:{nameof(RabbitMqOptions.Uri)}")
            ? ValidateOptionsResult.Skip
            : ValidateOptionsResult.Fail(
                "a worker on the InMemory transport has no way in: set JobRunner__Transport=RabbitMq and JobRunner__RabbitMq__Uri; "
                + "or JobRunner__Transport=InMemory, if this process sends itself its commands");
}
