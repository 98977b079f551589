namespace JobRunner.Bus.Cli.Files;

/// <summary>A file that cannot be run, with everything that is wrong with it, one problem a line.</summary>
internal sealed class JobFileException(string source, IReadOnlyList<string> problems, Exception? innerException = null)
    : Exception(Describe(source, problems), innerException)
{
    /// <summary>Everything wrong with the file.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;

    private static string Describe(string source, IReadOnlyList<string> problems) =>
        problems.Count == 1
            ? $"{source}: {problems[0]}"
            : $"{source}: {problems.Count} problems:" + string.Concat(problems.Select(problem => $"{Environment.NewLine}  - {problem}"));
}
