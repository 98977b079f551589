using JobRunner.Bus.ChaosTests.Faults;

namespace JobRunner.Bus.ChaosTests;

/// <summary>How to run.</summary>
/// <param name="Seed">Decides the jobs, and the faults if they are not given. When what happens is up to the machine.</param>
/// <param name="Lasts">How long jobs are sent and things are broken, at most.</param>
/// <param name="Workers">How many workers.</param>
/// <param name="Faults">What is broken when.</param>
/// <param name="HistoryPath">Where the history goes.</param>
public sealed record ChaosSettings(int Seed, TimeSpan Lasts, int Workers, IEnumerable<PlannedFault> Faults, string HistoryPath)
{
    /// <summary>The folder for what the workers write: a file per process.</summary>
    public string WorkerLogs => HistoryPath + ".workers";

    /// <summary>Whether queues that are seldom empty are deleted too: all jobs must end before that, which takes half a minute.</summary>
    public bool DeletesMain => Lasts >= TimeSpan.FromMinutes(1.5);

    /// <summary>How long what is open at the end has to come to an end.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether each fault waits until it can be done, and the run ends soon after the last one; else it is left out, and the run lasts.</summary>
    public bool Insists { get; init; }

    /// <summary>The program of a place's first, second… process: an assembly beside this one, or the path of another, without its ending.</summary>
    public Func<int, string> Program { get; init; } = static _ => "JobRunner.Bus.ChaosWorker";

    /// <summary>What an earlier version says that ends badly by a fault that this one no longer has: its drains count for nothing then.</summary>
    public string? MendedFault { get; init; }

    /// <summary>More lines for the broker's configuration.</summary>
    public string Broker { get; init; } = "";

    /// <summary>How long a worker may be out of contact.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a worker's tries have to end after SIGTERM.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
