using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>Which programs <c>shell-command</c> jobs may run, with which arguments; any, where no rule is set.</summary>
internal sealed class AllowedCommands
{
    // Without backtracking: an argument must not be able to keep a worker busy.
    private const RegexOptions Matching = RegexOptions.NonBacktracking | RegexOptions.CultureInvariant;

    private readonly List<(string Path, Regex[] Arguments, Regex? More)> _rules;

    public AllowedCommands(IOptions<BuiltInJobsOptions> options) => _rules =
    [
        .. options.Value.Shell.AllowedCommands.Select(rule => (
            rule.Path, rule.Arguments.Select(Whole).ToArray(), rule.MoreArguments is { } more ? Whole(more) : null)),
    ];

    /// <summary>Why a command may not run; nothing when a rule allows it.</summary>
    /// <param name="command">The program as the job names it.</param>
    /// <param name="path">Where it was found; nothing when it was not.</param>
    /// <param name="arguments">Its arguments.</param>
    public string? WhyNot(string command, string? path, IReadOnlyList<string> arguments)
    {
        if (_rules.Count == 0 || path is null)
        {
            return null;
        }

        var ofProgram = _rules.FindAll(rule => rule.Path == path);
        if (ofProgram.Exists(rule => Allows(rule.Arguments, rule.More, arguments)))
        {
            return null;
        }

        // The arguments may hold a secret: they are not repeated.
        return ofProgram.Count == 0
            ? $"\"{command}\" ({path}) is not among the programs that JobRunner__Jobs__Shell__AllowedCommands allows"
            : $"JobRunner__Jobs__Shell__AllowedCommands allows {path}, but not with these arguments";
    }

    /// <summary>What is wrong with a rule; nothing when it is right.</summary>
    public static string? Problem(AllowedCommand rule)
    {
        if (!Path.IsPathFullyQualified(rule.Path))
        {
            return $"Path is \"{rule.Path}\"; it must be the full path of a program";
        }

        foreach (var pattern in rule.Arguments.Append(rule.MoreArguments ?? ""))
        {
            try
            {
                _ = Whole(pattern);
            }
            catch (Exception error) when (error is ArgumentException or NotSupportedException)
            {
                return $"pattern \"{pattern}\" is no regular expression that can be used here: {error.Message}";
            }
        }

        return null;
    }

    private static bool Allows(Regex[] each, Regex? more, IReadOnlyList<string> arguments)
    {
        if (arguments.Count < each.Length || (more is null && arguments.Count > each.Length))
        {
            return false;
        }

        return !arguments.Where((argument, index) => !(index < each.Length ? each[index] : more!).IsMatch(argument)).Any();
    }

    private static Regex Whole(string pattern) => new($@"\A(?:{pattern})\z", Matching);
}
