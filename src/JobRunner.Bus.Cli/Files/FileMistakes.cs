using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Cli.Files;

/// <summary>Mistakes of people who write files by hand. Programs may send fields that nobody here knows; who mistypes one is told.</summary>
internal static partial class FileMistakes
{
    private static readonly string[] OfRunJob = FieldsOf(typeof(RunJob));
    private static readonly string[] OfChain = FieldsOf(typeof(JobChain));
    private static readonly string[] OfJob = FieldsOf(typeof(Job));

    /// <summary>Fields that are like one there is, each with the one that was probably meant.</summary>
    public static IReadOnlyList<string> Fields(JsonElement root)
    {
        List<string> wrong = [];
        var isChain = root.EnumerateObject().Any(field => field.Name.Equals("jobs", StringComparison.OrdinalIgnoreCase));
        Look(root, isChain ? OfChain : OfRunJob, isChain ? "a job chain" : "a RunJob", "");
        if (root.TryGetProperty("job", out var job))
        {
            Look(job, OfJob, "a job", "");
        }

        if (root.TryGetProperty("jobs", out var jobs) && jobs.ValueKind == JsonValueKind.Object)
        {
            foreach (var one in jobs.EnumerateObject())
            {
                Look(one.Value, OfJob, "a job", $"job \"{one.Name}\": ");
            }
        }

        return wrong;

        void Look(JsonElement element, string[] known, string what, string where)
        {
            if (element.ValueKind != JsonValueKind.Object)
            {
                return;
            }

            foreach (var name in element.EnumerateObject().Select(field => field.Name).Where(name => name is not ("job" or "jobs") && !known.Contains(name)))
            {
                if (NearestName.Of(name, known, Math.Max(1, name.Length / 3)) is { } nearest)
                {
                    wrong.Add($"{where}\"{name}\" is no field of {what}; did you mean \"{nearest}\"?");
                }
            }
        }
    }

    /// <summary>Whether a text is YAML, as Spin Cycle's request specs are.</summary>
    public static bool IsYaml(ReadOnlySpan<byte> text) => Yaml().IsMatch(Encoding.UTF8.GetString(text));

    /// <summary>What a JSON reader has against a text, without advice for programmers.</summary>
    public static string Reason(JsonException error)
    {
        // Everything up to " LineNumber:" is the reason; the rest counts lines from 0.
        var reason = error.Message.Split(" LineNumber:", 2)[0].Split(" Path:", 2)[0].Split(" which is not supported in this mode", 2)[0]
            .Split(" Change the reader options", 2)[0].TrimEnd('.');
        return reason.StartsWith("The ", StringComparison.Ordinal) ? $"the {reason[4..]}" : reason;
    }

    private static string[] FieldsOf(Type message) =>
        [.. message.GetProperties().Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name)).Where(name => name != "unknown")];

    [GeneratedRegex(@"\A(\s*(#.*)?\n)*\s*(---(\s|$)|- |[\w.-]+:(\s|$))")]
    private static partial Regex Yaml();
}
