using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using JobRunner.Bus.Chains.Service;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Cli.Tests.Docs;

/// <summary>Makes the tables of docs/settings.md: a row for each setting, with its default as coded and what its property's own docs say.</summary>
internal static partial class SettingsTables
{
    private static readonly Assembly[] Code = [typeof(WorkerOptions).Assembly, typeof(RabbitMqOptions).Assembly, typeof(BuiltInJobsOptions).Assembly, typeof(HttpOptions).Assembly, typeof(ChainsOptions).Assembly];

    private static readonly Dictionary<string, XElement> Docs = Code
        .SelectMany(code => XDocument.Load(Path.ChangeExtension(code.Location, ".xml")).Descendants("member"))
        // What compilers generate is there in several.
        .DistinctBy(member => (string)member.Attribute("name")!)
        .ToDictionary(member => (string)member.Attribute("name")!);

    private static readonly Dictionary<string, Type> Sections = Code.SelectMany(code => code.GetTypes())
        .Select(type => (Type: type, Section: type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string))
        .Where(one => one.Section is not null)
        .ToDictionary(one => one.Section!, one => one.Type);

    /// <summary>Every section of settings that there is.</summary>
    public static IEnumerable<string> All => Sections.Keys;

    /// <summary>The page with its tables made anew.</summary>
    public static string Fill(string page) => Table().Replace(page, match =>
        $"<!-- settings {match.Groups[1].Value} -->\n| setting | default | meaning |\n| --- | --- | --- |\n"
        + string.Concat(Rows(match.Groups[1].Value).Select(row => row + "\n"))
        + "<!-- end -->");

    /// <summary>The sections that a page has a table of.</summary>
    public static IEnumerable<string> In(string page) => Table().Matches(page).Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Rows(string section) =>
        Rows(section.Replace(":", "__", StringComparison.Ordinal), Activator.CreateInstance(Sections[section])!);

    private static IEnumerable<string> Rows(string prefix, object options)
    {
        foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite))
        {
            var value = property.GetValue(options);
            if (value is not null && property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal))
            {
                foreach (var row in Rows($"{prefix}__{property.Name}", value))
                {
                    yield return row;
                }
            }
            else
            {
                yield return $"| `{prefix}__{property.Name}` | {Default(value)} | {Meaning(property)} |";
            }
        }
    }

    private static string Default(object? value) => value switch
    {
        null or "" or ICollection { Count: 0 } => "none",
        bool flag => flag ? "`true`" : "`false`",
        TimeSpan span => $"`{Short(GoDuration.FromTimeSpan(span).ToString())}`",
        Enum choice => $"`{choice.ToString().Replace(" ", "", StringComparison.Ordinal)}`",
        string text when LocalData.Length > 0 && text.StartsWith(LocalData, StringComparison.Ordinal) => $"`~/.local/share{text[LocalData.Length..]}`",
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => $"`{value}`",
    };

    private static string LocalData => Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);

    private static string Short(string duration) => Zeros().Replace(duration, "$1") is { Length: > 0 } kept ? kept : "0s";

    private static string Meaning(PropertyInfo property)
    {
        var name = $"P:{property.DeclaringType!.FullName}.{property.Name}";
        var text = string.Concat(Docs[name].Element("summary")!.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement { Name.LocalName: "see" } see => $"`{((string?)see.Attribute("cref") ?? (string)see.Attribute("langword")!).Split('.', ':')[^1]}`",
            _ => node.ToString(SaveOptions.DisableFormatting),
        }));
        return OwnName().Replace(Blanks().Replace(text, " ").Trim(), "").Replace("|", "\\|", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"<!-- settings (\S+) -->\n.*?<!-- end -->", RegexOptions.Singleline)]
    private static partial Regex Table();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();

    [GeneratedRegex(@" \(`JobRunner__\w+`\)")]
    private static partial Regex OwnName();

    [GeneratedRegex(@"(?<=\d)([hm])0[ms](?:0s)?$")]
    private static partial Regex Zeros();
}
