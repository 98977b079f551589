using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>How a chain stands. Immutable: <see cref="ChainRules"/> makes the next state of it.</summary>
public sealed record ChainState
{
    /// <summary>What never changes of the chain.</summary>
    public required ChainPlan Plan { get; init; }

    /// <summary>The jobs, in the order of the plan.</summary>
    public required IReadOnlyList<ChainJob> Jobs { get; init; }

    /// <summary>Whether it was told to stop: no job is started any more.</summary>
    public bool IsStopping { get; init; }

    /// <summary>When it ended: nothing runs and nothing can start any more.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Jobs that are RUNNING, those that wait included.</summary>
    public int InFlight { get; init; }

    /// <summary>Jobs that are COMPLETE. Falls back when a sequence is tried again.</summary>
    public int FinishedJobs { get; init; }

    /// <summary>Places of the first jobs of sequences that are tried again as soon as what runs in them has ended.</summary>
    public IReadOnlyList<int> Retrying { get; init; } = [];

    /// <summary>The latest time that a command of the chain says it was sent; no two say the same.</summary>
    public DateTimeOffset LastSentAt { get; init; }

    /// <summary>Id of the request.</summary>
    public string RequestId => Plan.RequestId;

    /// <summary>Whether the chain has ended.</summary>
    public bool IsEnded => EndedAt is not null;

    /// <summary>PENDING before its start, RUNNING until its end; then COMPLETE only if every job is, FAIL if one failed, else STOPPED.</summary>
    public JobState State =>
        InFlight > 0 ? JobState.Running
        : !IsEnded ? JobState.Pending
        : FinishedJobs == Jobs.Count ? JobState.Complete
        : Jobs.Any(job => job.Failed) ? JobState.Fail
        : JobState.Stopped;

    /// <summary>A chain that has not started.</summary>
    /// <param name="plan">Its plan. Jobs that are COMPLETE in it are not run.</param>
    /// <param name="highestTries">Job id → highest try number logged before, so that no try number repeats.</param>
    public static ChainState New(ChainPlan plan, IReadOnlyDictionary<string, long>? highestTries = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return Of(plan, command => new ChainJob
        {
            PrevTries = command.PrevTries,
            TotalTries = Math.Max(command.TotalTries, highestTries?.GetValueOrDefault(command.Job.Id) ?? 0),
        });
    }

    /// <summary>A chain that was suspended, as Spin Cycle counts: the try in which a STOPPED job was stopped is run again.</summary>
    /// <param name="plan">The plan of its chain.</param>
    /// <param name="suspended">Its counters.</param>
    public static ChainState Resumed(ChainPlan plan, SuspendedJobChain suspended)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(suspended);
        return Of(plan, command =>
        {
            var again = command.Job.State == JobState.Stopped ? 1 : 0;
            return new ChainJob
            {
                PrevTries = Math.Clamp(Tries(suspended.LatestRunJobTries, command) - again, 0, 1 + command.Job.Retry),
                TotalTries = Math.Max(0, Tries(suspended.TotalJobTries, command)),
                SequenceTries = Math.Max(0, Tries(suspended.SequenceTries, command) - again),
            };
        });
    }

    /// <summary>How the job with this id stands; none if it is not of this chain.</summary>
    public ChainJob? Find(string jobId) => Plan.Find(jobId) is { } place ? Jobs[place] : null;

    /// <summary>The command of a job's run, as it was or is to be sent.</summary>
    public RunJob CommandOf(int place) => Plan.Commands[place] with
    {
        JobData = (JsonObject)Jobs[place].Data.DeepClone(),
        PrevTries = Jobs[place].PrevTries,
        TotalTries = Jobs[place].TotalTries,
        SentAt = Jobs[place].SentAt,
    };

    /// <summary>How the chain stands, for those who ask: with its jobs.</summary>
    /// <param name="addedAt">When it came; absent where that is not known.</param>
    public ChainStatus ToStatus(DateTimeOffset? addedAt) => new()
    {
        RequestId = RequestId,
        State = State,
        Stopping = IsStopping && !IsEnded,
        AddedAt = addedAt,
        EndedAt = EndedAt,
        FinishedJobs = FinishedJobs,
        TotalJobs = Jobs.Count,
        Jobs = [.. Jobs.Select(StatusOf)],
    };

    private ChainJobStatus StatusOf(ChainJob job, int place) => new()
    {
        Id = Plan.JobAt(place).Id,
        Name = Plan.JobAt(place).Name,
        Type = Plan.JobAt(place).Type,
        State = job.State,
        Tries = job.TotalTries,
        SequenceTries = job.SequenceTries,
        After = [.. Plan.Previous[place].Select(other => Plan.JobAt(other).Id)],
        WaitsFor = job.State == JobState.Pending && !IsEnded
            ? [.. Plan.Previous[place].Where(other => Jobs[other].State != JobState.Complete).Select(other => Plan.JobAt(other).Id)]
            : [],
        DueAt = job.IsWaiting ? job.DueAt : null,
        Error = job.Error,
    };

    private static ChainState Of(ChainPlan plan, Func<RunJob, ChainJob> begin)
    {
        var jobs = plan.Commands.Select(command => begin(command) with
        {
            State = command.Job.State == JobState.Complete ? JobState.Complete : JobState.Pending,
            Data = (JsonObject)command.JobData.DeepClone(),
        }).ToArray();
        return new ChainState { Plan = plan, Jobs = jobs, FinishedJobs = jobs.Count(job => job.State == JobState.Complete) };
    }

    private static long Tries(IReadOnlyDictionary<string, long> counts, RunJob command) => counts.GetValueOrDefault(command.Job.Id);
}
