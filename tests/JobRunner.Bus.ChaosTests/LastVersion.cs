using System.Diagnostics;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests;

/// <summary>The worker of the last version, built from the repository's history.</summary>
internal static class LastVersion
{
    /// <summary>Builds it, once per machine.</summary>
    /// <returns>The folder of its assemblies.</returns>
    /// <exception cref="InvalidOperationException">It could not be built, as in a shallow clone; holds what the script said.</exception>
    public static async Task<string> BuildAsync()
    {
        using var script = Process.Start(new ProcessStartInfo("bash", [Path.Combine(Repository.Root, "infra/last-version.sh")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = script.StandardError.ReadToEndAsync();
        var folder = await script.StandardOutput.ReadToEndAsync();
        await script.WaitForExitAsync();
        return script.ExitCode == 0 ? folder.Trim() : throw new InvalidOperationException(await error);
    }
}
