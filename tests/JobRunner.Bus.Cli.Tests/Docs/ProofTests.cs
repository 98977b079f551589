using System.Text.RegularExpressions;

namespace JobRunner.Bus.Cli.Tests.Docs;

/// <summary>What the documents lean on is there: tests, commands, pages.</summary>
public sealed partial class ProofTests
{
    [Fact]
    public void Every_promise_of_the_contract_has_its_row_and_every_test_named_exists()
    {
        var page = Pages.Read("docs/guarantees.md");

        Assert.All(
            Enumerable.Range(1, 10).Select(n => $"R{n}")
                .Concat(Enumerable.Range(1, 4).Select(n => $"S{n}"))
                .Concat(Enumerable.Range(1, 8).Select(n => $"D{n}"))
                .Concat(Enumerable.Range(1, 6).Select(n => $"L{n}")),
            promise => Assert.Contains($"\n| {promise} |", page, StringComparison.Ordinal));
        var named = NamedTest().Matches(page).Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(named);
        Assert.Empty(named.Except(Pages.Tests));
    }

    [Fact]
    public void Every_command_of_the_documents_is_run_somewhere_or_listed_as_not_run()
    {
        var listed = CommandRow().Matches(Pages.Read("docs/commands.md"))
            .ToDictionary(row => row.Groups[1].Value.Replace("\\|", "|", StringComparison.Ordinal), row => row.Groups[2].Value);
        var written = Pages.All.SelectMany(page => Commands(page.Value)).ToHashSet();

        Assert.Empty(written.Except(listed.Keys));
        Assert.Empty(listed.Keys.Except(written));
        Assert.All(listed, row =>
        {
            var (command, by) = row;
            Assert.True(
                by.StartsWith("not run: ", StringComparison.Ordinal)
                || by.StartsWith("by hand: ", StringComparison.Ordinal)
                || NamedTest().Matches(by).Any(test => Pages.Tests.Contains(test.Groups[1].Value))
                || ScriptName().Matches(by).Any(script => File.Exists(Path.Combine(Pages.Root, script.Groups[1].Value))),
                $"{command}: \"{by}\" names neither a test, nor a script, nor why it is not run");
        });
    }

    [Fact]
    public void Every_link_within_the_repository_leads_to_a_file()
    {
        List<string> broken = [];
        foreach (var (path, text) in Pages.All)
        {
            foreach (Match link in Link().Matches(text))
            {
                var target = link.Groups[1].Value.Split('#')[0];
                var full = Path.GetFullPath(Path.Combine(Pages.Root, Path.GetDirectoryName(path)!, target));
                if (target.Length > 0 && !File.Exists(full) && !Directory.Exists(full))
                {
                    broken.Add($"{path}: {target}");
                }
            }
        }

        Assert.Empty(broken);
    }

    /// <summary>The first line of each command in the shell blocks of a page.</summary>
    private static IEnumerable<string> Commands(string page)
    {
        foreach (Match block in ShellBlock().Matches(page))
        {
            var continues = false;
            foreach (var line in block.Groups[1].Value.Split('\n').Where(line => line.Trim().Length > 0))
            {
                if (!continues && !line.StartsWith(' ') && !line.StartsWith('#'))
                {
                    yield return line.Split("  # ")[0].TrimEnd();
                }

                continues = line.EndsWith('\\') || line.EndsWith('|');
            }
        }
    }

    [GeneratedRegex(@"`(\w+Tests\.\w+)`")]
    private static partial Regex NamedTest();

    [GeneratedRegex(@"`((?:infra|\.ci)/[\w./-]+)`")]
    private static partial Regex ScriptName();

    [GeneratedRegex(@"^\| `` (.+?) `` \| (.+) \|$", RegexOptions.Multiline)]
    private static partial Regex CommandRow();

    [GeneratedRegex(@"^```sh\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex ShellBlock();

    [GeneratedRegex(@"\]\((?!https?:|mailto:)([^)\s]+)\)")]
    private static partial Regex Link();
}
