using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

internal sealed class RabbitMqOptionsRules(IOptions<TransportOptions> transport) : IValidateOptions<RabbitMqOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        if (transport.Value.Transport != TransportKind.RabbitMq)
        {
            return ValidateOptionsResult.Skip;
        }

        var wrong = RabbitMqRules.Problems(options);
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);
    }
}
