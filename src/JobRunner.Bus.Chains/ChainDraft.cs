using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>The next state of a chain while it is being made, and what follows.</summary>
internal sealed class ChainDraft(ChainState chain, DateTimeOffset now)
{
    private readonly ChainPlan _plan = chain.Plan;
    private readonly ChainJob[] _jobs = [.. chain.Jobs];
    private readonly HashSet<int> _changed = [];
    private readonly List<ChainEffect> _effects = [];
    private readonly SortedSet<int> _retrying = [.. chain.Retrying];
    private DateTimeOffset _lastSentAt = chain.LastSentAt;
    private bool _stopping = chain.IsStopping;
    private int _inFlight = chain.InFlight;
    private int _finishedJobs = chain.FinishedJobs;

    /// <summary>Starts those of the jobs that may start.</summary>
    public void Launch(IEnumerable<int> candidates)
    {
        foreach (var place in candidates)
        {
            if (!_stopping && _jobs[place].State == JobState.Pending && IsFree(place) && !IsHeld(place))
            {
                Launch(place);
            }
        }
    }

    /// <summary>A run has ended: hands its data on, or has its sequence tried again, and starts what may start.</summary>
    public void End(int place, ChainJob ended)
    {
        Set(place, ended);
        var candidates = ended.State == JobState.Complete ? HandDataOn(place) : [];
        if (ended.Failed && !_stopping && HasTriesLeft(_plan.Sequences[place]))
        {
            _retrying.Add(_plan.Sequences[place]);
        }

        Launch([.. candidates, .. RollBack()]);
    }

    /// <summary>The job's wait is over: its command is to be sent.</summary>
    public void EndWait(int place)
    {
        var sentAt = SentNow();
        Set(place, _jobs[place] with { SentAt = sentAt, DueAt = null });
        _effects.Add(new SendJob(_plan.JobAt(place).Id, sentAt));
    }

    /// <summary>Starts nothing any more.</summary>
    public void Stop()
    {
        _stopping = true;
        _retrying.Clear();
        for (var place = 0; place < _jobs.Length; place++)
        {
            var job = _jobs[place];
            if (job.IsWaiting)
            {
                Set(place, job with { State = JobState.Pending, DueAt = null, SequenceTries = job.SequenceTries - 1 });
            }
        }

        if (_inFlight > 0)
        {
            _effects.Add(new StopJobs(SentNow()));
        }
    }

    /// <summary>The step that was made.</summary>
    public ChainStep ToStep()
    {
        var ended = _inFlight == 0;
        if (ended)
        {
            _effects.Add(new TellEnd());
        }

        var next = chain with
        {
            Jobs = _jobs,
            IsStopping = _stopping,
            EndedAt = ended ? now : null,
            InFlight = _inFlight,
            FinishedJobs = _finishedJobs,
            Retrying = [.. _retrying],
            LastSentAt = _lastSentAt,
        };
        return new ChainStep(next, _changed, _effects);
    }

    private void Launch(int place)
    {
        var (job, plan) = (_jobs[place], _plan.JobAt(place));
        DateTimeOffset? dueAt = null;
        if (_plan.IsSequenceStart(place))
        {
            // Before each try of a sequence but the first.
            var wait = job.SequenceTries == 0 ? TimeSpan.Zero : GoDuration.Parse(plan.SequenceRetryWait).ToTimeSpan();
            dueAt = wait == TimeSpan.Zero ? null : now + (wait < DateTimeOffset.MaxValue - now ? wait : DateTimeOffset.MaxValue - now);
            job = job with { SequenceTries = job.SequenceTries + 1 };
        }

        var sentAt = SentNow();
        Set(place, job with { State = JobState.Running, SentAt = sentAt, DueAt = dueAt });
        _effects.Add(dueAt is null ? new SendJob(plan.Id, sentAt) : new AwaitJob(plan.Id, sentAt, dueAt.Value));
    }

    private IEnumerable<int> HandDataOn(int place)
    {
        foreach (var child in _plan.Next[place])
        {
            // Even to a child that cannot start yet: it gets the data of each job it follows, the last one winning.
            var data = (JsonObject)_jobs[child].Data.DeepClone();
            foreach (var (key, value) in _jobs[place].Data)
            {
                data[key] = value?.DeepClone();
            }

            Set(child, _jobs[child] with { Data = data });
        }

        return _plan.Next[place];
    }

    /// <summary>
    /// Rolls back every sequence to be tried again in which nothing runs any more: the jobs of the sequence that ran, and what
    /// ran behind them, become PENDING with no tries used up; total tries go on. Unlike in Spin Cycle, jobs beside the failed
    /// one end first: none is run twice at once, and none sees data of two tries.
    /// </summary>
    /// <returns>The first jobs of those sequences.</returns>
    private List<int> RollBack()
    {
        List<int> starts = [];

        // Outer sequences first: rolling one back rolls back those within.
        foreach (var sequence in _retrying.ToList())
        {
            var behind = _plan.WithAllBehind(sequence);
            if (!_retrying.Contains(sequence) || IsHeldByOther(sequence) || behind.Any(place => _jobs[place].State == JobState.Running))
            {
                continue;
            }

            foreach (var place in behind)
            {
                var job = _jobs[place];
                if (job.State == JobState.Complete || (job.Failed && (_plan.Sequences[place] == sequence || HasTriesLeft(_plan.Sequences[place]))))
                {
                    Set(place, job with { State = JobState.Pending, PrevTries = 0, Error = null });
                }
            }

            _retrying.ExceptWith(behind);
            starts.Add(sequence);
        }

        return starts;
    }

    private void Set(int place, ChainJob job)
    {
        var before = _jobs[place].State;
        _inFlight += Count(job.State, JobState.Running) - Count(before, JobState.Running);
        _finishedJobs += Count(job.State, JobState.Complete) - Count(before, JobState.Complete);
        _jobs[place] = job;
        _changed.Add(place);
    }

    private static int Count(JobState state, JobState counted) => state == counted ? 1 : 0;

    private DateTimeOffset SentNow() => _lastSentAt = now > _lastSentAt ? now : _lastSentAt.AddTicks(1);

    private bool IsFree(int place) => _plan.Previous[place].All(parent => _jobs[parent].State == JobState.Complete);

    private bool IsHeld(int place) => _retrying.Any(sequence => _plan.IsBehind(place, sequence));

    private bool IsHeldByOther(int sequence) => _retrying.Any(other => other != sequence && _plan.IsBehind(sequence, other));

    private bool HasTriesLeft(int sequence) => _jobs[sequence].SequenceTries <= _plan.JobAt(sequence).SequenceRetry;
}
