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
}
