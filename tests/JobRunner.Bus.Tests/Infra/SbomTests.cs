using System.Diagnostics;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Tests.Infra;

/// <summary>infra/sbom.py: what the program is made of, and that all of it may be used.</summary>
public sealed class SbomTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sbom-");

    private static string Packages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_bill_names_each_package_with_its_hash_and_its_licence()
    {
        var (exit, output) = await RunAsync();

        Assert.Equal(0, exit);
        var components = JsonNode.Parse(output)!["components"]!.AsArray();
        Assert.Contains("MassTransit.RabbitMQ", components.Select(one => (string)one!["name"]!));
        Assert.All(components, one =>
        {
            Assert.Equal(128, ((string)one!["hashes"]![0]!["content"]!).Length);
            Assert.NotEmpty((string)one["licenses"]![0]!["expression"]!);
        });
    }

    [Fact]
    public async Task The_check_passes_and_fails_for_a_licence_a_hash_or_a_package_that_is_not_as_it_must_be()
    {
        Assert.Equal(0, (await RunAsync("--check")).Exit);

        // The same packages, but for three.
        foreach (var package in Directory.EnumerateDirectories(Packages))
        {
            switch (Path.GetFileName(package))
            {
                case "polly.core":
                    break;
                case "cliwrap":
                    Change(package, ".nuspec", text => text.Replace("type=\"expression\">MIT<", "type=\"expression\">GPL-3.0-only<", StringComparison.Ordinal));
                    break;
                case "spectre.console":
                    Change(package, ".nupkg.metadata", text => text.Replace("\"contentHash\": \"", "\"contentHash\": \"x", StringComparison.Ordinal));
                    break;
                default:
                    Directory.CreateSymbolicLink(Path.Combine(_folder.FullName, Path.GetFileName(package)), package);
                    break;
            }
        }

        var (exit, output) = await RunAsync("--check");

        Assert.Equal(1, exit);
        Assert.Matches(@"(?m)^sbom: CliWrap \S+ has the licence GPL-3.0-only, which is not among Apache-2.0, ", output);
        Assert.Matches(@"(?m)^sbom: Spectre.Console \S+ is not the package that the lock file names", output);
        Assert.Matches(@"(?m)^sbom: Polly.Core \S+ is not restored", output);
        Assert.Contains(", 3 problems", output);
    }

    private void Change(string package, string ending, Func<string, string> change)
    {
        foreach (var file in Directory.EnumerateFiles(package, "*", SearchOption.AllDirectories).Where(file => file.EndsWith(".nuspec", StringComparison.Ordinal) || file.EndsWith(".metadata", StringComparison.Ordinal)))
        {
            var copy = Path.Combine(_folder.FullName, Path.GetRelativePath(Packages, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            var text = File.ReadAllText(file);
            File.WriteAllText(copy, file.EndsWith(ending, StringComparison.Ordinal) ? change(text) : text);
        }
    }

    private async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("python3", [Path.Combine(Repository.Root, "infra/sbom.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (_folder.EnumerateFileSystemInfos().Any())
        {
            start.Environment["NUGET_PACKAGES"] = _folder.FullName;
        }

        using var python = Process.Start(start)!;
        var error = python.StandardError.ReadToEndAsync();
        var output = await python.StandardOutput.ReadToEndAsync() + await error;
        await python.WaitForExitAsync();
        return (python.ExitCode, output);
    }
}
