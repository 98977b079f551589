using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>
/// Which job of a chain runs when, as Spin Cycle decides it: a job starts when all it follows are COMPLETE, takes over
/// their job data, and a failed job's sequence is tried again while it may be. Pure: what to send comes out, results go in.
/// </summary>
internal sealed class ChainState
{
    private readonly Dictionary<string, ChainJob> _jobs;
    private readonly IReadOnlyDictionary<string, IReadOnlyList<string>> _next;
    private readonly Dictionary<string, List<ChainJob>> _previous = [];
    private readonly SequenceRetries _sequences;
    private bool _stopping;
    private int _inFlight;

    /// <summary>A chain that has not started.</summary>
    /// <param name="request">The jobs and their order.</param>
    /// <param name="highestTries">Job id → highest try number logged before, so that no try number repeats.</param>
    public ChainState(JobRequest request, IReadOnlyDictionary<string, long>? highestTries = null)
    {
        Request = request;
        Jobs = [.. request.Commands.Select(command => new ChainJob(command, highestTries?.GetValueOrDefault(command.Job.Id) ?? 0))];
        _jobs = Jobs.ToDictionary(job => job.Id);
        _next = request.Next;
        foreach (var (id, children) in _next)
        {
            foreach (var child in children)
            {
                if (!_previous.TryGetValue(child, out var parents))
                {
                    _previous[child] = parents = [];
                }

                parents.Add(_jobs[id]);
            }
        }

        _sequences = new SequenceRetries(Jobs, _next);
    }

    /// <summary>What is run.</summary>
    public JobRequest Request { get; }

    /// <summary>Id of the request.</summary>
    public string RequestId => Request.RequestId;

    /// <summary>The jobs, each after those it follows.</summary>
    public IReadOnlyList<ChainJob> Jobs { get; }

    /// <summary>Launched jobs whose result is not in.</summary>
    public int InFlight => _inFlight;

    /// <summary>Whether nothing runs and nothing can start any more.</summary>
    public bool IsDone => _inFlight == 0;

    /// <summary>
    /// RUNNING while a result is out; then COMPLETE only if every job is, FAIL if one failed, else STOPPED.
    /// </summary>
    public JobState State =>
        _inFlight > 0 ? JobState.Running
        : Jobs.All(job => job.State == JobState.Complete) ? JobState.Complete
        : Jobs.Any(job => job.Failed) ? JobState.Fail
        : JobState.Stopped;

    /// <summary>The job with this id, or none.</summary>
    public ChainJob? Find(string jobId) => _jobs.GetValueOrDefault(jobId);

    /// <summary>Starts the chain: every job that follows none.</summary>
    public IReadOnlyList<Launch> Start() => Launch(Jobs);

    /// <summary>A waiting launch is due; <see langword="false"/> if it was withdrawn meanwhile.</summary>
    public bool TakeDue(Launch launch)
    {
        var job = _jobs[launch.Command.Job.Id];
        var due = job.Waiting;
        job.Waiting = false;
        return due;
    }

    /// <summary>
    /// Takes in a result. <see langword="false"/>: it is not one that is waited for (a repetition, or not of this chain).
    /// </summary>
    public bool TryFinish(JobFinished result, out IReadOnlyList<Launch> launches)
    {
        launches = [];
        if (!_jobs.TryGetValue(result.JobId, out var job)
            || result.RequestId != RequestId
            || job.State != JobState.Running
            || job.Waiting
            || IsRepetition(result, job))
        {
            return false;
        }

        _inFlight--;
        job.State = EndState(result.FinalState);
        job.Data = result.JobData;
        job.PrevTries = result.PrevTries;
        job.TotalTries = Math.Max(job.TotalTries, result.TotalTries);
        job.Error = result.Error;

        List<ChainJob> candidates = [];
        if (job.State == JobState.Complete)
        {
            candidates.AddRange(HandDataOn(job));
        }
        else if (job.Failed && !_stopping)
        {
            _sequences.Failed(job);
        }

        if (!_stopping)
        {
            candidates.AddRange(_sequences.Reset());
        }

        launches = Launch(candidates);
        return true;
    }

    /// <summary>Launches nothing any more, and withdraws what waits to be sent.</summary>
    public void Stop()
    {
        _stopping = true;
        foreach (var job in Jobs.Where(job => job.Waiting))
        {
            job.Waiting = false;
            job.State = JobState.Pending;
            _inFlight--;
        }
    }

    // Only a run without a try of its own ends at the counter it started from.
    private static bool IsRepetition(JobFinished result, ChainJob job) =>
        result.Tries > 0 && result.FinalState != JobState.Stopped && result.TotalTries <= job.TotalTries;

    // A result that says PENDING or RUNNING is none of success: it must not start the job again.
    private static JobState EndState(JobState reported) =>
        reported is JobState.Complete or JobState.Stopped or JobState.Unknown ? reported : JobState.Fail;

    private IEnumerable<ChainJob> HandDataOn(ChainJob job)
    {
        foreach (var child in _next.GetValueOrDefault(job.Id, []).Select(id => _jobs[id]))
        {
            // Even to a child that cannot start yet: it gets the data of each job it follows, the last one winning.
            foreach (var (key, value) in job.Data)
            {
                child.Data[key] = value?.DeepClone();
            }

            yield return child;
        }
    }

    private List<Launch> Launch(IEnumerable<ChainJob> candidates)
    {
        List<Launch> launches = [];
        foreach (var job in candidates)
        {
            if (_stopping || job.State != JobState.Pending || _sequences.Holds(job) || !IsFree(job))
            {
                continue;
            }

            var wait = _sequences.Launched(job);
            job.State = JobState.Running;
            job.Waiting = wait > TimeSpan.Zero;
            _inFlight++;
            launches.Add(new Launch(job.NextCommand(), wait));
        }

        return launches;
    }

    private bool IsFree(ChainJob job) =>
        !_previous.TryGetValue(job.Id, out var parents) || parents.All(parent => parent.State == JobState.Complete);
}
