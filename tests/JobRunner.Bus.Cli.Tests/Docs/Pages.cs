using System.Text.RegularExpressions;

namespace JobRunner.Bus.Cli.Tests.Docs;

/// <summary>The documents of this repository, read from the checkout the tests run from.</summary>
internal static partial class Pages
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every page for people, by its path within the repository.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } =
        new[] { "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md" }.Where(file => File.Exists(Path.Combine(Root, file)))
            .Concat(Markdown("docs")).Concat(Markdown("src")).Concat(Markdown("infra")).Concat(Markdown("templates"))
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .ToDictionary(file => file, file => File.ReadAllText(Path.Combine(Root, file)));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Every test of this repository, as Class.Method.</summary>
    public static IReadOnlySet<string> Tests { get; } = Directory
        .GetFiles(Path.Combine(Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
        .SelectMany(file => TestMethod().Matches(File.ReadAllText(file))
            .Select(match => $"{Path.GetFileNameWithoutExtension(file)}.{match.Groups[1].Value}"))
        .ToHashSet();

    private static IEnumerable<string> Markdown(string folder) => Directory
        .GetFiles(Path.Combine(Root, folder), "*.md", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal);

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "JobRunner.Bus.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("these tests run within a checkout");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"public (?:async )?(?:Task|ValueTask|void) ([A-Z]\w+_\w+)\(")]
    private static partial Regex TestMethod();
}
