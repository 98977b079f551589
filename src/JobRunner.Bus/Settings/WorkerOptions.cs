using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Settings;

/// <summary>What a worker does.</summary>
[Flags]
public enum WorkerRoles
{
    /// <summary>Nothing: not a worker.</summary>
    None = 0,

    /// <summary>Runs jobs.</summary>
    Run = 1,

    /// <summary>Delivers job logs to the Request Manager.</summary>
    Report = 2,

    /// <summary>Schedules chains: starts the jobs of each as those before them end. Needs a store (section <c>JobRunner:Chains</c>).</summary>
    Chain = 4,
}

/// <summary>
/// Section <c>JobRunner:Worker</c>: how much one worker takes on and how it lets go. Durations are written as Go
/// durations (<c>30s</c>, <c>1m30s</c>) or as <c>hh:mm:ss</c>.
/// </summary>
public sealed class WorkerOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:Worker";

    /// <summary>What the worker does, default <c>Run,Report</c>: run jobs, deliver job logs. Either alone scales apart.</summary>
    public WorkerRoles Roles { get; set; } = WorkerRoles.Run | WorkerRoles.Report;

    /// <summary>How many tries run at once, 1 to 10,000; default 16. A worker holds no more unstarted commands than this.</summary>
    public int Slots { get; set; } = 16;

    /// <summary>How many runners are held at once, running and waiting, 1 to 10,000,000 and at least <see cref="Slots"/>; default 100,000.</summary>
    public int MaxRunners { get; set; } = 100_000;

    /// <summary>How long running tries may go on after the worker was told to end, 0 to 1 day; default 30 s.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a command that was delivered before waits for a worker that may still run it, and how long a worker that is
    /// cut off from the broker keeps its runs: 1 s to 1 hour, default 10 s. Heartbeats are half of it, 10 s at most. The same
    /// for all workers of a virtual host.
    /// </summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a job may take to stop once told, 100 ms to 1 day; default 1 min. Then it is given up.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Waits between tries longer than this are parked in the broker, where they cost the worker neither slot nor
    /// prefetch; 0 to 1 hour, default 1 s. Shorter ones are waited out on the spot.
    /// </summary>
    public TimeSpan ParkWaitsOver { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How much of what a job's try logs by ILogger goes into its own log, at the beginning of stdout, beside the worker's log: 0 to 4 MiB,
    /// default 64 KiB; 0 for nothing. Of more, the first and the last half are kept. Levels are set as <c>Logging__JobLog__LogLevel__Default</c>.
    /// </summary>
    public int MaxLoggedBytes { get; set; } = 64 * 1024;

    /// <summary>Largest command taken, 1 KiB to 128 MiB; default 16 MiB. A larger one goes to the error queue.</summary>
    public int MaxCommandBytes { get; set; } = 16 * 1024 * 1024;

    /// <summary>
    /// How many times a try is started whose worker dies each time, 1 to 1,000; default 5. Then the job fails for good and
    /// its command is dead-lettered.
    /// </summary>
    public int CrashBudget { get; set; } = 5;

    /// <summary>How long the journal of tries is kept, for runs whose worker died and for replay; 1 h to 90 days, default 7 days. The same for all workers of a virtual host.</summary>
    public TimeSpan JournalRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How long stops are remembered for commands still on their way, 1 min to 30 days; default 7 days. The same for all workers of a virtual host.</summary>
    public TimeSpan StopRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>
    /// Waits between tries that are known ahead (<c>JobRunner__Worker__KnownWaits</c>): Go durations with commas between, such as
    /// <c>2s,30s,5m</c>; at most 100, from 1 ms to 14 days; default none. Their queues are made as the worker starts, those of other waits
    /// when they are first needed.
    /// </summary>
    public string KnownWaits { get; set; } = "";

    /// <summary>
    /// How long nobody may have said that a run is theirs before it is taken over: the lease, and time for a worker that is cut off to stop
    /// its tries, which it begins when the lease is over.
    /// </summary>
    internal TimeSpan TakeOverAfter => Lease + (Lease / 4 < LongestMargin ? Lease / 4 : LongestMargin);

    /// <summary>
    /// The waits whose queues are made as the worker starts, among them all that look again at runs which others may have: those are needed
    /// when a node is lost, and RabbitMQ before 3.12.11 makes a queue badly on a node that is down meanwhile.
    /// </summary>
    internal IReadOnlyList<TimeSpan> WaitsToPrepare => WaitSteps.TryParse(KnownWaits, out var waits)
        ? [.. waits.Append(TimeSpan.FromSeconds(1)).Append(TakeOverAfter / 2).Append(TakeOverAfter).Select(WaitSteps.RoundUp).Distinct()]
        : throw new InvalidOperationException($"{nameof(KnownWaits)} {WaitSteps.Must}");

    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(1);
}
