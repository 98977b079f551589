using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Puts together what is heard, and tells the pages. What it keeps is bounded: workers for a minute after their last word, samples for 15
/// minutes, the last failures.
/// </summary>
internal sealed class PictureBook(TimeProvider time) : IJobRunnerObserver
{
    private const int Samples = 180;

    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RemembersWorkersFor = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, SeenWorker> _workers = new(StringComparer.Ordinal);
    private readonly Queue<Sample> _history = new();
    private readonly Failures _failures = new(time);
    private IReadOnlyDictionary<string, long?> _queues = new Dictionary<string, long?>();
    private DateTimeOffset _sampledAt;
    private volatile Picture _now = new();

    /// <summary>The newest picture.</summary>
    public Picture Now => _now;

    /// <summary>There is a newer picture. Whoever is told must be quick, and must not throw.</summary>
    public event Action? Changed;

    /// <summary>A worker has answered.</summary>
    public void Hear(WorkerStatus told, IReadOnlyList<RunnerStatus>? runs)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            _workers[told.Worker] = new SeenWorker(told, _workers.TryGetValue(told.Worker, out var known) ? known.Since : now, now, runs);
        }
    }

    /// <summary>The queues were counted, or cannot be any more.</summary>
    public void Count(IReadOnlyDictionary<string, long?> queues)
    {
        lock (_gate)
        {
            _queues = queues;
        }
    }

    /// <inheritdoc/>
    public void OnResult(JobFinished result)
    {
        lock (_gate)
        {
            _failures.Add(result);
        }
    }

    /// <summary>The workers were asked; makes the next picture.</summary>
    public void Show()
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            foreach (var (name, worker) in _workers)
            {
                // Heard before the clock was set back, it would seem to answer for that long.
                if (worker.At > now || now - worker.At > RemembersWorkersFor)
                {
                    _workers.Remove(name);
                }
            }

            var next = _now with
            {
                At = now,
                ListeningSince = _now.Trouble is null && _now.ListeningSince < now ? _now.ListeningSince : now,
                Trouble = null,
                Workers = [.. _workers.Values.OrderBy(worker => worker.Told.Worker, StringComparer.Ordinal)],
                Queues = _queues,
                Failed = _failures.Count(),
                LatestFailed = _failures.Latest,
            };
            _now = next with { History = Sampled(next) };
        }

        Changed?.Invoke();
    }

    /// <summary>The workers cannot be asked. What was known stays, and is said to be old.</summary>
    public void Fail(string trouble)
    {
        lock (_gate)
        {
            _now = _now with { Trouble = trouble, Queues = _queues };
        }

        Changed?.Invoke();
    }

    private IReadOnlyList<Sample> Sampled(Picture picture)
    {
        if (picture.At >= _sampledAt && picture.At - _sampledAt < SampleEvery)
        {
            return picture.History;
        }

        _sampledAt = picture.At;
        _history.Enqueue(new Sample(
            picture.Running,
            picture.Waiting,
            picture.Queues.GetValueOrDefault(Names.RunJob) ?? 0,
            picture.Queues.GetValueOrDefault(Names.JobLogRecorded) ?? 0,
            picture.Failed));
        if (_history.Count > Samples)
        {
            _history.Dequeue();
        }

        return [.. _history];
    }
}
