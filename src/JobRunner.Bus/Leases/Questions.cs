using System.Collections.Concurrent;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Leases;

/// <summary>
/// What this worker has heard of jobs whose commands were delivered before: since when it is asked who runs each, and whether anybody
/// said so. Every worker hears all questions and answers. So a command can wait in the broker, where it holds no slot, and whoever gets
/// it when its lease is over knows whether somebody still runs it. Safe for use by any thread.
/// </summary>
internal sealed class Questions(TimeProvider time)
{
    /// <summary>How long silence counts: a command that is asked for later is asked about anew.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    // An answer that overtakes its question, as it can in a cluster, is one to it.
    private static readonly TimeSpan AnswerStands = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<RunnerKey, (long At, bool Answered)> _heard = new();
    private long _listensSince = time.GetTimestamp();
    private long _purgedAt = time.GetTimestamp();

    /// <summary>For how long this worker has heard all that was said, without a gap.</summary>
    public TimeSpan ListensFor => time.GetElapsedTime(Volatile.Read(ref _listensSince));

    /// <summary>This worker hears nothing any more: what it heard before proves nothing.</summary>
    public void EndListening() => _heard.Clear();

    /// <summary>From now on this worker hears what is said.</summary>
    public void Listen()
    {
        EndListening();
        Volatile.Write(ref _listensSince, time.GetTimestamp());
    }

    /// <summary>Somebody, this worker too, asks who runs the job. Asked again, the first time counts while nobody has answered.</summary>
    public void Asked(RunnerKey job)
    {
        Purge();
        var now = time.GetTimestamp();
        _heard.AddOrUpdate(job, (now, false), (_, known) => time.GetElapsedTime(known.At) > (known.Answered ? AnswerStands : Kept) ? (now, false) : known);
    }

    /// <summary>Somebody says that the job is theirs.</summary>
    public void Answered(RunnerKey job) => _heard[job] = (time.GetTimestamp(), true);

    /// <summary>Whether the last that was heard of the job is that it is somebody's.</summary>
    public bool IsAnswered(RunnerKey job) => _heard.TryGetValue(job, out var known) && known.Answered;

    /// <summary>For how long nobody has said that the job is theirs although it was asked; none when it was not, or somebody has.</summary>
    public TimeSpan? SilenceAbout(RunnerKey job) =>
        _heard.TryGetValue(job, out var known) && !known.Answered && time.GetElapsedTime(known.At) is var silence && silence <= Kept ? silence : null;

    /// <summary>The job is taken over: the silence was before that.</summary>
    public void Forget(RunnerKey job) => _heard.TryRemove(job, out _);

    private void Purge()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _purgedAt)) < Kept)
        {
            return;
        }

        Volatile.Write(ref _purgedAt, time.GetTimestamp());
        foreach (var (job, known) in _heard)
        {
            if (time.GetElapsedTime(known.At) > Kept)
            {
                _heard.TryRemove(KeyValuePair.Create(job, known));
            }
        }
    }
}
