using System.CommandLine;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Where on this machine a page is served.</summary>
internal static class PortOption
{
    private const int Preset = 8090;

    /// <summary>The option.</summary>
    public static Option<int> Build()
    {
        var port = new Option<int>("--port")
        {
            Description = $"Port on this machine, 0 for any that is free; {Preset} if absent.",
            HelpName = "N",
            DefaultValueFactory = _ => Preset,
        };
        port.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var given) && given is (< 0 or > 65_535))
            {
                result.AddError("--port must be from 0 to 65535.");
            }
        });
        return port;
    }
}
