using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery;

internal sealed class ReportOptionsRules : IValidateOptions<ReportOptions>
{
    public ValidateOptionsResult Validate(string? name, ReportOptions options)
    {
        var rules = new OptionRules(ReportOptions.Section)
            .Range(nameof(options.Concurrency), options.Concurrency, 1, 1_024)
            .Range(nameof(options.RedeliverFor), options.RedeliverFor, TimeSpan.Zero, TimeSpan.FromDays(30));
        if (!DelaySteps.TryParse(options.RedeliverAfter, out _, out var must))
        {
            rules.Wrong(nameof(options.RedeliverAfter), options.RedeliverAfter, must);
        }

        return rules.Result();
    }
}
