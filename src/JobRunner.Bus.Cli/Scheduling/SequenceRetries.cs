using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>
/// Tries failed sequences again, as Spin Cycle does: the jobs of the sequence that ran, and what ran behind them, become
/// PENDING with no tries used up; total tries go on. Unlike there, jobs beside the failed one end first: none is run
/// twice at once, and none sees data of two tries.
/// </summary>
internal sealed class SequenceRetries(IReadOnlyList<ChainJob> jobs, IReadOnlyDictionary<string, IReadOnlyList<string>> next)
{
    private readonly Dictionary<string, ChainJob> _jobs = jobs.ToDictionary(job => job.Id);
    private readonly Dictionary<string, int> _place = jobs.Select((job, index) => (job.Id, index)).ToDictionary(pair => pair.Id, pair => pair.index);
    private readonly HashSet<string> _starts = [.. jobs.Select(job => job.SequenceId)];
    private readonly Dictionary<string, long> _tries = [];
    private readonly Dictionary<string, IReadOnlySet<string>> _behind = [];
    private readonly HashSet<string> _retrying = [];

    /// <summary>Counts the launch of a job; tells how long to wait before it.</summary>
    public TimeSpan Launched(ChainJob job)
    {
        // What others name as their start is one, even if it names another itself: else its tries would never run out.
        if (!_starts.Contains(job.Id))
        {
            return TimeSpan.Zero;
        }

        var tries = _tries.GetValueOrDefault(job.Id);
        _tries[job.Id] = tries + 1;
        return tries == 0 ? TimeSpan.Zero : GoDuration.Parse(job.Job.SequenceRetryWait).ToTimeSpan();
    }

    /// <summary>A job has failed: its sequence is to be tried again, if tries are left.</summary>
    public void Failed(ChainJob job)
    {
        if (HasTriesLeft(job.SequenceId))
        {
            _retrying.Add(job.SequenceId);
        }
    }

    /// <summary>Whether the job must not start because a sequence before it is about to be tried again.</summary>
    public bool Holds(ChainJob job) => _retrying.Any(sequence => Behind(sequence).Contains(job.Id));

    /// <summary>Rolls back every sequence to be tried again in which nothing runs any more; gives their first jobs.</summary>
    public IReadOnlyList<ChainJob> Reset()
    {
        List<ChainJob> starts = [];

        // Outer sequences first: rolling one back rolls back those within.
        foreach (var sequence in _retrying.OrderBy(id => _place[id]).ToList())
        {
            var behind = Behind(sequence);
            var heldByAnother = _retrying.Any(other => other != sequence && Behind(other).Contains(sequence));
            if (!_retrying.Contains(sequence) || heldByAnother || behind.Any(id => _jobs[id].State == JobState.Running))
            {
                continue;
            }

            foreach (var job in behind.Select(id => _jobs[id]))
            {
                if (job.State == JobState.Complete || (job.Failed && (job.SequenceId == sequence || HasTriesLeft(job.SequenceId))))
                {
                    job.State = JobState.Pending;
                    job.PrevTries = 0;
                    job.Error = null;
                }
            }

            _retrying.ExceptWith(behind);
            starts.Add(_jobs[sequence]);
        }

        return starts;
    }

    private bool HasTriesLeft(string sequence) =>
        _tries.GetValueOrDefault(sequence) <= _jobs[sequence].Job.SequenceRetry;

    private IReadOnlySet<string> Behind(string sequence) =>
        _behind.TryGetValue(sequence, out var behind) ? behind : _behind[sequence] = JobGraph.WithAllBehind(sequence, next);
}
