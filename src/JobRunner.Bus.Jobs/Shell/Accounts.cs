using System.Diagnostics;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>Users and groups of this machine, wherever it keeps them.</summary>
internal static class Accounts
{
    private static readonly Dictionary<string, int> Fields = new() { ["passwd"] = 7, ["group"] = 4 };

    /// <summary>The fields of a user (<c>passwd</c>) or a group (<c>group</c>), by name or number; <see langword="null"/> when there is none.</summary>
    public static string[]? Find(string database, string key)
    {
        var entry = CommandLauncher.FindOnPath("getent") is { } getent ? Ask(getent, database, key) : Read(database, key);
        return entry?.Split(':') is { } fields && fields.Length >= Fields[database] ? fields : null;
    }

    private static string? Ask(string getent, string database, string key)
    {
        using var asking = Process.Start(new ProcessStartInfo(getent, [database, key]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var answer = asking.StandardOutput.ReadLine();
        asking.WaitForExit();
        return asking.ExitCode == 0 ? answer : null;
    }

    private static string? Read(string database, string key) =>
        File.ReadLines($"/etc/{database}").FirstOrDefault(line => line.Split(':') is { Length: > 2 } fields && (fields[0] == key || fields[2] == key));
}
