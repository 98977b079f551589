using System.CommandLine;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Which job logs to show; what is not given does not matter.</summary>
internal sealed record LogFilter(string? JobId, string? Type, IReadOnlySet<JobState>? States, bool LastOnly)
{
    /// <summary>Those of the logs that are wanted, in the order they started.</summary>
    public IReadOnlyList<JobLogRecorded> Apply(IEnumerable<JobLogRecorded> logs)
    {
        var jobs = logs.Where(log => JobId is null || log.JobId == JobId);
        if (LastOnly)
        {
            jobs = jobs.GroupBy(log => log.JobId).Select(tries => tries.MaxBy(log => log.Try)!);
        }

        return
        [
            .. jobs
                .Where(log => (Type is null || log.Type == Type) && (States is null || States.Contains(log.State)))
                .OrderBy(log => log.StartedAt)
                .ThenBy(log => log.JobId, StringComparer.Ordinal)
                .ThenBy(log => log.Try),
        ];
    }

    /// <summary>An option that takes names of states, several of them or again and again.</summary>
    public static Option<JobState[]> StateOption()
    {
        var names = Enum.GetValues<JobState>().Select(state => state.ToSeedName()).ToArray();
        var option = new Option<JobState[]>("--state")
        {
            Description = "Only tries that ended so, such as FAIL; may be given more than once.",
            HelpName = "STATE",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = result =>
            {
                List<JobState> states = [];
                foreach (var token in result.Tokens)
                {
                    var at = Array.FindIndex(names, name => name.Equals(token.Value, StringComparison.OrdinalIgnoreCase));
                    if (at < 0)
                    {
                        result.AddError($"--state \"{token.Value}\" is no state; it must be one of {string.Join(", ", names)}.");
                        return [];
                    }

                    states.Add(Enum.GetValues<JobState>()[at]);
                }

                return [.. states];
            },
        };
        option.CompletionSources.Add(names);
        return option;
    }
}
