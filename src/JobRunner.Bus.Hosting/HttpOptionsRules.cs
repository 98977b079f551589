using System.Net;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

internal sealed class HttpOptionsRules : IValidateOptions<HttpOptions>
{
    public ValidateOptionsResult Validate(string? name, HttpOptions options)
    {
        var rules = new OptionRules(HttpOptions.Section).Range(nameof(options.Port), options.Port ?? 1, 1, 65_535);
        if (options.Address != HttpOptions.EveryAddress && !IPAddress.TryParse(options.Address, out _))
        {
            rules.Wrong(nameof(options.Address), options.Address, $"must be an IP address, or {HttpOptions.EveryAddress} for all");
        }

        return rules.Result();
    }
}
