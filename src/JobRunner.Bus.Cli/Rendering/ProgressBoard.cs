using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>
/// Live progress: counts, what runs now, and the last tries that ended. Never taller than the terminal, however many jobs
/// there are. Told by the scheduler, drawn by the screen: one lock guards both.
/// </summary>
internal sealed class ProgressBoard(IReadOnlyList<TrackedChain> chains, TimeProvider time) : IRunObserver
{
    private const int RecentTries = 5;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string RequestId, string JobId), Running> _running = [];
    private readonly Queue<JobLogRecorded> _recent = new();
    private readonly int _jobs = chains.Sum(chain => chain.Jobs.Count);
    private readonly Dictionary<string, (int Complete, int Failed)> _counts = chains.ToDictionary(chain => chain.RequestId, CountJobs);
    private bool _stopping;

    public void Launched(TrackedChain chain, Launch launch)
    {
        lock (_lock)
        {
            var job = launch.Command.Job;
            _running[(chain.RequestId, job.Id)] = new Running(job, time.GetUtcNow() + launch.Wait, launch.Command.TotalTries + 1);
            _counts[chain.RequestId] = CountJobs(chain);
        }
    }

    public void Logged(TrackedChain chain, JobLogRecorded log)
    {
        lock (_lock)
        {
            _recent.Enqueue(log with { Stdout = "", Stderr = "" });
            while (_recent.Count > RecentTries)
            {
                _recent.Dequeue();
            }

            if (_running.GetValueOrDefault((chain.RequestId, log.JobId)) is { } running)
            {
                running.Try = log.Try + 1;
            }
        }
    }

    public void Finished(TrackedChain chain, JobFinished result)
    {
        lock (_lock)
        {
            _running.Remove((chain.RequestId, result.JobId));
            _counts[chain.RequestId] = CountJobs(chain);
        }
    }

    public void Stopping(TrackedChain chain)
    {
        lock (_lock)
        {
            _stopping = true;
        }
    }

    /// <summary>Takes in what the workers tell of themselves.</summary>
    public void Update(IReadOnlyList<RunnerStatus> statuses)
    {
        lock (_lock)
        {
            foreach (var status in statuses)
            {
                if (_running.GetValueOrDefault((status.RequestId, status.JobId)) is { } running)
                {
                    running.Status = status.Status ?? "";
                    running.Try = status.Try;
                }
            }
        }
    }

    /// <summary>The board, at most <paramref name="height"/> lines tall.</summary>
    public IRenderable Draw(int width, int height)
    {
        lock (_lock)
        {
            var room = Math.Max(1, height - 2);
            var recent = _recent.TakeLast(Math.Clamp(room - _running.Count, 0, RecentTries)).ToList();
            var shown = _running.Values.Take(Math.Max(1, room - recent.Count - 1)).ToList();

            List<IRenderable> rows = [OneLine(Title(), width, StateStyle.Of(Failed > 0 ? JobState.Fail : JobState.Running))];
            rows.AddRange(recent.Select(log =>
                OneLine($"  {Say.Job(log.Name, log.JobId)} try {log.Try} {Say.Try(log)}", width, StateStyle.Of(log.State))));
            rows.AddRange(shown.Select(running => OneLine($"▸ {running.Describe(time.GetUtcNow())}", width, Style.Plain)));
            if (_running.Count > shown.Count)
            {
                rows.Add(OneLine($"  … and {_running.Count - shown.Count} more running", width, StateStyle.Of(JobState.Pending)));
            }

            return new Rows(rows);
        }
    }

    private int Failed => _counts.Values.Sum(count => count.Failed);

    private string Title()
    {
        var what = chains.Count == 1 ? $"Request {Say.OneLine(chains[0].RequestId)}" : $"{chains.Count} requests";
        var complete = _counts.Values.Sum(count => count.Complete);
        var failed = Failed > 0 ? $", {Failed} failed" : "";
        var stopping = _stopping ? "; stopping (Ctrl-C again leaves at once)" : "";
        return $"{what}: {complete} of {_jobs} COMPLETE, {_running.Count} running{failed}{stopping}";
    }

    private static (int Complete, int Failed) CountJobs(TrackedChain chain) =>
        (chain.Jobs.Count(job => job.State == JobState.Complete), chain.Jobs.Count(job => job.Failed));

    private static Text OneLine(string text, int width, Style style)
    {
        var room = Math.Max(1, width - 1);
        return new Text(text.Length <= room ? text : $"{text[..Math.Max(0, room - 1)]}…", style) { Overflow = Overflow.Ellipsis };
    }

    private sealed class Running(Job job, DateTimeOffset startsAt, long firstTry)
    {
        public long Try { get; set; } = firstTry;

        public string Status { get; set; } = "";

        public string Describe(DateTimeOffset now)
        {
            var since = now < startsAt ? $"starts in {Say.Length(startsAt - now)}" : $"try {Try} {Say.Length(now - startsAt)}";
            return $"{Say.Job(job.Name, job.Id)} {since} {Say.OneLine(Status)}".TrimEnd();
        }
    }
}
