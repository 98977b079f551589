using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Cli.Tests.Docs;

/// <summary>docs/settings.md names every setting there is, with its default, and none that is not.</summary>
public sealed partial class SettingsPageTests
{
    private static readonly IReadOnlyDictionary<string, string> Rows = ReadRows();

    private static readonly IReadOnlyDictionary<string, object?> Coded = ReadOptions();

    public static TheoryData<string> Settings => [.. Coded.Keys.Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Every_setting_is_there_with_its_default(string setting)
    {
        Assert.True(Rows.TryGetValue(setting, out var written), $"docs/settings.md has no row for {setting}");
        var value = Coded[setting];
        var same = value switch
        {
            null or "" or System.Collections.ICollection { Count: 0 } => written == "none",
            bool flag => written == (flag ? "true" : "false"),
            TimeSpan span => Durations(written!).Contains(span),
            Enum choice => written!.Replace(" ", "", StringComparison.Ordinal) == choice.ToString().Replace(" ", "", StringComparison.Ordinal),
            string text => written == text || setting == "JobRunner__JobLogStore__Path",
            IFormattable number => written!.Replace(",", "", StringComparison.Ordinal) == number.ToString(null, CultureInfo.InvariantCulture),
            _ => written == value.ToString(),
        };
        Assert.True(same, $"{setting} is {value ?? "none"} by default, docs/settings.md says {written}");
    }

    [Fact]
    public void No_setting_is_there_that_is_not_coded() => Assert.Empty(Rows.Keys.Except(Coded.Keys));

    private static IEnumerable<TimeSpan> Durations(string text) => GoText().Matches(text)
        .Select(match => GoDuration.TryParse(match.Value, out var duration) ? duration.ToTimeSpan() : TimeSpan.MinValue)
        .Append(text == "0" ? TimeSpan.Zero : TimeSpan.MinValue);

    private static Dictionary<string, string> ReadRows()
    {
        Dictionary<string, string> rows = [];
        foreach (Match row in Row().Matches(Pages.Read("docs/settings.md")))
        {
            string last = "";
            foreach (Match name in Name().Matches(row.Groups[1].Value))
            {
                // "…__B" stands beside "Section__A".
                last = name.Value.StartsWith('…') ? string.Concat(last.AsSpan(0, last.LastIndexOf("__", StringComparison.Ordinal)), name.Value.AsSpan(1)) : name.Value;
                rows[last] = row.Groups[2].Value.Trim().Trim('`');
            }
        }

        return rows;
    }

    private static Dictionary<string, object?> ReadOptions()
    {
        Dictionary<string, object?> all = [];
        foreach (var type in new[] { typeof(WorkerOptions).Assembly, typeof(RabbitMqOptions).Assembly, typeof(BuiltInJobsOptions).Assembly, typeof(HttpOptions).Assembly }.SelectMany(code => code.GetTypes()))
        {
            if (type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() is string section)
            {
                Add(section.Replace(":", "__", StringComparison.Ordinal), Activator.CreateInstance(type)!);
            }
        }

        return all;

        void Add(string prefix, object options)
        {
            foreach (var property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite || typeof(System.Collections.ICollection).IsAssignableFrom(property.GetValue(options)?.GetType())))
            {
                var value = property.GetValue(options);
                if (value is not null && property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal))
                {
                    Add($"{prefix}__{property.Name}", value);
                }
                else
                {
                    all[$"{prefix}__{property.Name}"] = value;
                }
            }
        }
    }

    [GeneratedRegex(@"^\| ([^|]*JobRunner__[^|]*) \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?:JobRunner|…)__\w+")]
    private static partial Regex Name();

    [GeneratedRegex(@"(?:\d+(?:\.\d+)?(?:h|ms|m|s))+")]
    private static partial Regex GoText();
}
