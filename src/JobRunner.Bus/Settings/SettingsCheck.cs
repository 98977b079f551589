using System.ComponentModel;
using Microsoft.Extensions.Configuration;

namespace JobRunner.Bus.Settings;

/// <summary>
/// Finds settings that nobody reads, and values that cannot be what they must be: a mistyped name would else be ignored in silence. Each
/// is told by the name it has in the environment.
/// </summary>
internal sealed class SettingsCheck(IConfiguration configuration, IEnumerable<SettingsSection> sections)
{
    private const string Root = "JobRunner";

    // Of parts that this process may not have: one set of variables can serve several kinds of workers.
    private static readonly string[] OfOtherParts = ["Chains", "Dashboard", "Http", "Jobs"];

    private readonly IReadOnlyList<SettingsSection> _sections = [.. sections];

    /// <summary>Whether a setting has a value.</summary>
    public bool IsSet(string path) => !string.IsNullOrEmpty(configuration[path]);

    /// <summary>The values in one section that cannot be what its options need.</summary>
    public static IEnumerable<string> Unfit(IConfigurationSection section, Type options) =>
        new SettingsCheck(section, [new SettingsSection(section.Path, options)]).Below(section, options, isShared: true);

    /// <summary>All that is wrong.</summary>
    public IEnumerable<string> Problems() =>
        configuration.GetSection(Root).GetChildren().SelectMany(child => Problems(child, typeof(TransportOptions), isShared: false));

    private IEnumerable<string> Problems(IConfigurationSection section, Type parent, bool isShared)
    {
        if (_sections.FirstOrDefault(one => one.Path.Equals(section.Path, StringComparison.OrdinalIgnoreCase)) is { } known && known.Path != Root)
        {
            return Below(section, known.Options, known.IsShared);
        }

        var type = SettingsSection.Find(parent, section.Key)?.PropertyType;
        return type switch
        {
            null when parent == typeof(TransportOptions) && OfOtherParts.Contains(section.Key, StringComparer.OrdinalIgnoreCase) => [],
            null => Leaves(section).Select(path => Unknown(path, isShared)).OfType<string>(),
            _ when SettingsSection.IsGroup(type) => Below(section, type, isShared: false),
            _ when SettingsSection.ItemOf(type) is { } item => section.GetChildren().SelectMany(child =>
                SettingsSection.IsGroup(item) ? Below(child, item, isShared: false) : UnfitValue(child, item)),
            _ => UnfitValue(section, type),
        };
    }

    private IEnumerable<string> Below(IConfigurationSection section, Type options, bool isShared) =>
        section.GetChildren().SelectMany(child => Problems(child, options, isShared));

    private string? Unknown(string path, bool isShared)
    {
        var nearest = NearestName.Of(path[(Root.Length + 1)..], _sections.SelectMany(section => section.Settings()).Select(setting => setting.Path[(Root.Length + 1)..]));
        return nearest is not null ? $"{Variable(path)} is no setting; did you mean {Variable($"{Root}:{nearest}")}?"
            : isShared ? null
            : $"{Variable(path)} is no setting";
    }

    private static IEnumerable<string> UnfitValue(IConfigurationSection setting, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (setting.Value is not { } value || type == typeof(string) || Fits(type, value))
        {
            yield break;
        }

        var must = type switch
        {
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(TimeSpan) => "a length of time such as 500ms, 30s or 1m30s",
            { IsEnum: true } => $"{string.Join(" or ", Enum.GetNames(type).Where(name => name != "None"))}{(type.IsDefined(typeof(FlagsAttribute), false) ? ", or several of them with commas between" : "")}",
            _ => "a whole number",
        };
        yield return $"{Variable(setting.Path)} is \"{value}\"; it must be {must}";
    }

    private static bool Fits(Type type, string value)
    {
        try
        {
            return (value.Length == 0 && !type.IsValueType) || TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value) is not null;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or OverflowException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Leaves(IConfigurationSection section) => section.GetChildren().ToList() is { Count: > 0 } children
        ? children.SelectMany(Leaves)
        : [section.Path];

    private static string Variable(string path) => OptionRules.EnvironmentName(path);
}
