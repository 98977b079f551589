using JobRunner.Bus.Dashboard.Login;

namespace JobRunner.Bus.Dashboard;

/// <summary>How the dashboard behaves.</summary>
public sealed record DashboardOptions
{
    /// <summary>
    /// Whether people may stop requests and jobs, and retry and discard what lies in the error queues; default <see langword="false"/>, a page to look at. Whoever can
    /// open the page may then do so: put a log-in before it where not everybody on the machine should. What is done is logged, with the
    /// name of who did it where the host knows it. The broker's user needs more permissions for it: see docs/dashboard.md.
    /// </summary>
    public bool AllowActions { get; init; }

    /// <summary>
    /// A file with the token that people log in by, from anywhere: one line of at least 16 visible ASCII characters, made at random. Default
    /// none: people on this machine may look, and nobody else. With one everybody logs in, also on this machine, once in twelve hours. It is
    /// read again when it changes; then everybody must log in anew.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary>
    /// Whether those may look whom the host's own log-in knows (<c>HttpContext.User</c> is authenticated by the host's default scheme),
    /// from anywhere, and nobody else; default <see langword="false"/>. Not beside a <see cref="TokenFile"/>.
    /// </summary>
    public bool RequireUser { get; init; }

    /// <exception cref="ArgumentException">A setting is wrong.</exception>
    internal void Validate()
    {
        if (TokenFile is null)
        {
            return;
        }

        if (RequireUser)
        {
            throw new ArgumentException($"{nameof(TokenFile)} and {nameof(RequireUser)} are both set; choose how people log in to the dashboard");
        }

        try
        {
            DashboardToken.Require(TokenFile);
        }
        catch (FormatException error)
        {
            throw new ArgumentException(error.Message, error);
        }
    }
}
