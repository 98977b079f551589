namespace JobRunner.Bus.Jobs;

/// <summary>Settings of the built-in jobs: configuration section <c>JobRunner:Jobs</c>.</summary>
public sealed class BuiltInJobsOptions
{
    /// <summary>Where the settings are found.</summary>
    public const string Section = "JobRunner:Jobs";

    /// <summary>Settings of <c>shell-command</c>.</summary>
    public ShellJobOptions Shell { get; set; } = new();

    /// <summary>Settings of <c>http-request</c>.</summary>
    public HttpJobOptions Http { get; set; } = new();
}

/// <summary>Settings of <c>shell-command</c> jobs: <c>JobRunner__Jobs__Shell__…</c>.</summary>
public sealed class ShellJobOptions
{
    /// <summary>
    /// Whether the worker runs programs that a scheduler names. Off by default: whoever can send a job could then run
    /// anything the worker's user may. <c>jobrunner run</c> turns it on for its own files. Needs Linux and <c>setsid</c>.
    /// </summary>
    public bool Enabled { get; set; }

    /// <summary>The programs that jobs may run, with their arguments; any, when there is no list (default) or an empty one.</summary>
    public IReadOnlyList<AllowedCommand>? AllowedCommands { get; set; }

    /// <summary>
    /// Whom commands run as instead of the worker's own user (default): a user, or <c>user:group</c>, each a name or a number;
    /// not root. The worker needs root's rights for it (CAP_SETUID, CAP_SETGID, CAP_KILL) and the program <c>setpriv</c>.
    /// </summary>
    public string? User { get; set; }

    /// <summary>How long a stopped command may take to end after SIGTERM, before SIGKILL: 0 to 1 hour, default 10 s.</summary>
    public TimeSpan GracePeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How much of stdout, and of stderr, is kept: 1 KiB to 64 MiB, default 1 MiB. Of more, the first and last half of
    /// that are kept, with a line between them that says how much was cut.
    /// </summary>
    public int MaxOutputBytes { get; set; } = 1024 * 1024;
}

/// <summary>A program that <c>shell-command</c> jobs may run: <c>JobRunner__Jobs__Shell__AllowedCommands__0__…</c>.</summary>
public sealed class AllowedCommand
{
    /// <summary>Full path of the program, as it is found: symbolic links are not resolved.</summary>
    public string Path { get; set; } = "";

    /// <summary>A regular expression for each argument, in order; each must match the whole of its argument.</summary>
    public IList<string> Arguments { get; } = [];

    /// <summary>A regular expression for every further argument; none are allowed without it.</summary>
    public string? MoreArguments { get; set; }
}

/// <summary>Settings of <c>http-request</c> jobs: <c>JobRunner__Jobs__Http__…</c>.</summary>
public sealed class HttpJobOptions
{
    /// <summary>
    /// Hosts that may be asked, separated by commas: names, addresses, or <c>*.example.com</c> for all below a name. Empty
    /// (default): any. Redirects to others fail, too.
    /// </summary>
    public string AllowedHosts { get; set; } = "";

    /// <summary>
    /// Whether link-local addresses, and those where clouds serve metadata and credentials, may be connected to. Not by
    /// default, whatever name leads there.
    /// </summary>
    public bool AllowLinkLocal { get; set; }

    /// <summary>How long an answer may take, body included: up to 24 hours, default 100 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// How much of an answer's body is kept: 1 KiB to 64 MiB, default 1 MiB. Of more, the first and last half of that
    /// are kept, with a line between them that says how much was cut.
    /// </summary>
    public int MaxBodyBytes { get; set; } = 1024 * 1024;
}
