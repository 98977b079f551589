using System.Globalization;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>The user whom commands run as instead of the worker's.</summary>
/// <param name="Uid">User id; never 0.</param>
/// <param name="Gid">Group id; no other groups.</param>
/// <param name="Name">Name, or the id where it has none.</param>
/// <param name="Home">Home folder; <c>/</c> where there is none.</param>
/// <param name="Shell">Login shell.</param>
internal sealed record CommandUser(uint Uid, uint Gid, string Name, string Home, string Shell)
{
    private const string Setting = "JobRunner__Jobs__Shell__User";

    // Bits of the effective capabilities: to become somebody else, and to end what then is somebody else's.
    private static readonly (int Bit, string Name)[] Needed = [(5, "CAP_KILL"), (6, "CAP_SETGID"), (7, "CAP_SETUID")];

    /// <summary>Path of <c>setpriv</c>, which becomes the user and then the command; <see langword="null"/> where there is none.</summary>
    public static string? Setpriv { get; } = OperatingSystem.IsLinux() ? CommandLauncher.FindOnPath("setpriv") : null;

    /// <summary>The folder that commands start in: the worker's own may be closed to the user.</summary>
    public string Folder => Directory.Exists(Home) ? Home : "/";

    /// <summary>What comes before a command: its process becomes the user, for good, before the command begins.</summary>
    public IReadOnlyList<string> Prefix =>
    [
        Setpriv!,
        string.Create(CultureInfo.InvariantCulture, $"--reuid={Uid}"),
        string.Create(CultureInfo.InvariantCulture, $"--regid={Gid}"),
        "--clear-groups",
        // Set-user-id programs such as sudo do not lead back.
        "--no-new-privs",
        // A worker that is not root may have handed them on.
        "--ambient-caps=-all",
        "--inh-caps=-all",
    ];

    /// <summary>Reads the setting: a user, or user and group with a colon between, each a name or a number.</summary>
    /// <returns>The user, or why commands cannot run as that user, by the setting's name.</returns>
    public static (CommandUser? User, string? Problem) Find(string setting)
    {
        var parts = setting.Split(':');
        if (parts.Length > 2 || parts.Any(part => part.Length == 0 || part[0] == '-' || part.Any(char.IsWhiteSpace)))
        {
            return Wrong("it must be a user, or user:group, each a name or a number, such as nobody or 1000:1000");
        }

        if (Setpriv is null)
        {
            return Wrong("the program setpriv (package util-linux) is not on PATH");
        }

        var user = Accounts.Find("passwd", parts[0]);
        var uid = user?[2] ?? (IsId(parts[0]) ? parts[0] : null);
        if (uid is null)
        {
            return Wrong("there is no such user on this machine");
        }

        var group = parts.Length > 1 ? Accounts.Find("group", parts[1])?[2] ?? (IsId(parts[1]) ? parts[1] : null) : user?[3];
        if (group is null)
        {
            return Wrong(parts.Length > 1 ? "there is no such group on this machine" : "a user without a name needs a group, such as 1000:1000");
        }

        // Not as text: 00 is root, too.
        if (uint.Parse(uid, CultureInfo.InvariantCulture) == 0)
        {
            return Wrong("it must not be root: that is what the setting is there to prevent");
        }

        return WhyNotAllowed() is { } lacking
            ? Wrong(lacking)
            : (new CommandUser(
                uint.Parse(uid, CultureInfo.InvariantCulture),
                uint.Parse(group, CultureInfo.InvariantCulture),
                user?[0] ?? uid,
                user?[5] is { Length: > 0 } home ? home : "/",
                user?[6] is { Length: > 0 } shell ? shell : "/bin/sh"), null);

        (CommandUser? User, string? Problem) Wrong(string why) => (null, $"{Setting} is \"{setting}\", but {why}");
    }

    private static bool IsId(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static string? WhyNotAllowed()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("CapEff:", StringComparison.Ordinal));
        var effective = ulong.Parse(line.AsSpan("CapEff:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var missing = Needed.Where(capability => (effective & (1UL << capability.Bit)) == 0).Select(capability => capability.Name).ToList();
        return missing.Count == 0
            ? null
            : $"the worker may not become another user: it lacks {string.Join(", ", missing)}; run it as root, or give it these capabilities";
    }
}
