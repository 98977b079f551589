using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>All that is known at one time. It never changes: every page that is open shows the same one.</summary>
internal sealed record Picture
{
    private static readonly TimeSpan MayBeSilentFor = TimeSpan.FromSeconds(3);

    /// <summary>The queues that are counted.</summary>
    public static IReadOnlyList<string> CountedQueues { get; } =
        [Names.RunJob, Names.JobLogRecorded, Names.ErrorQueue(Names.RunJob), Names.ErrorQueue(Names.JobLogRecorded)];

    /// <summary>When it was made; stands still while the broker is away.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Since when workers are listened to without a break.</summary>
    public DateTimeOffset ListeningSince { get; init; }

    /// <summary>Why the workers cannot be asked; <see langword="null"/> while they can.</summary>
    public string? Trouble { get; init; } = "The broker has not been reached yet";

    /// <summary>Workers that answered within the last minute, by name.</summary>
    public IReadOnlyList<SeenWorker> Workers { get; init; } = [];

    /// <summary>Messages that are ready in each queue; <see langword="null"/> for one that is not there; no entry while it is not known.</summary>
    public IReadOnlyDictionary<string, long?> Queues { get; init; } = new Dictionary<string, long?>();

    /// <summary>The last 15 minutes, oldest first.</summary>
    public IReadOnlyList<Sample> History { get; init; } = [];

    /// <summary>Runs that ended in FAIL during the last hour, as far as this process was there to see.</summary>
    public long Failed { get; init; }

    /// <summary>The last of them, newest first.</summary>
    public IReadOnlyList<FailedRun> LatestFailed { get; init; } = [];

    /// <summary>Workers that answer.</summary>
    public IEnumerable<SeenWorker> Answering => Workers.Where(worker => !IsSilent(worker));

    /// <summary>Tries that can run at once. A worker told to drain begins none: of its slots only those in use count.</summary>
    public long Slots => Answering.Sum(worker => worker.Told.Drain is null ? worker.Told.Slots : worker.Told.SlotsInUse);

    public long Running => Answering.Sum(worker => worker.Running);

    public long Waiting => Answering.Sum(worker => worker.Waiting);

    /// <summary>Every run of the workers that answer; <see langword="null"/> while one of them was not asked for its runs.</summary>
    public IReadOnlyList<RunnerStatus>? Runs =>
        Answering.Any(worker => worker.Runs is null) ? null : [.. Answering.SelectMany(worker => worker.Runs!)];

    /// <summary>Whether a worker has not answered for too long.</summary>
    public bool IsSilent(SeenWorker worker) => At - (worker.At > ListeningSince ? worker.At : ListeningSince) > MayBeSilentFor;
}
