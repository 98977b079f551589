using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

/// <summary>Collects what is wrong with settings, each by the name it has in the environment.</summary>
internal sealed class OptionRules(string section)
{
    private readonly List<string> _wrong = [];

    /// <summary>The name in the environment of a setting at this path.</summary>
    public static string EnvironmentName(string path) => path.Replace(":", "__", StringComparison.Ordinal);

    /// <summary>The name in the environment of a setting.</summary>
    public static string EnvironmentName(string section, string name) => EnvironmentName($"{section}:{name}");

    public OptionRules Range(string name, TimeSpan value, TimeSpan from, TimeSpan to)
    {
        if (value < from || value > to)
        {
            Wrong(name, value.ToString(), $"must be from {from} to {to}");
        }

        return this;
    }

    public OptionRules Range(string name, long value, long from, long to)
    {
        if (value < from || value > to)
        {
            Wrong(name, $"{value}", $"must be from {from} to {to}");
        }

        return this;
    }

    public void Wrong(string name, string value, string must) => _wrong.Add($"{EnvironmentName(section, name)} is \"{value}\"; it {must}");

    public void Wrong(string whole) => _wrong.Add(whole);

    public ValidateOptionsResult Result() => _wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_wrong);
}
