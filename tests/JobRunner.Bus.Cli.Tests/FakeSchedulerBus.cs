using System.Threading.Channels;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>A bus whose workers are a function: what each run of a job ends in. Jobs without an answer run until stopped.</summary>
internal sealed class FakeSchedulerBus(Func<RunJob, RunEnd?> run, bool sendsLogs = true) : IEmbeddedBus
{
    private readonly Channel<JobFinished> _finished = Channel.CreateUnbounded<JobFinished>();
    private readonly Channel<JobLogRecorded> _logs = Channel.CreateUnbounded<JobLogRecorded>();
    private readonly Dictionary<string, RunJob> _running = [];
    private readonly Lock _lock = new();

    public List<RunJob> Sent { get; } = [];

    public List<StopJob> Stops { get; } = [];

    public bool Disposed { get; private set; }

    /// <summary>The port on which the dashboard of these requests was to be served, and how many commands had been sent by then.</summary>
    public (int Port, IReadOnlyList<string> RequestIds, int Sent)? Served { get; private set; }

    public Action<FakeSchedulerBus>? OnStuck { get; init; }

    public ChannelReader<JobFinished> Finished => _finished.Reader;

    public ChannelReader<JobLogRecorded> Logs => _logs.Reader;

    public Task SendAsync(RunJob command, CancellationToken cancellation)
    {
        lock (_lock)
        {
            Sent.Add(command);
            if (run(command) is { } end)
            {
                End(command, end);
            }
            else
            {
                _running.Add(command.Job.Id, command);
                OnStuck?.Invoke(this);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(StopJob command, CancellationToken cancellation)
    {
        lock (_lock)
        {
            Stops.Add(command);
            foreach (var job in _running.Values)
            {
                End(job, new RunEnd(JobState.Stopped));
            }

            _running.Clear();
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<RunnerStatus>> GetStatusAsync(string requestId, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<RunnerStatus>>([]);

    public Task<string> ServeDashboardAsync(IReadOnlyList<TrackedChain> chains, int port)
    {
        Served = (port, [.. chains.Select(chain => chain.RequestId)], Sent.Count);
        return Task.FromResult("http://page");
    }

    public void Publish(JobFinished result) => _finished.Writer.TryWrite(result);

    public void Lose(Exception reason) => _finished.Writer.TryComplete(reason);

    public ValueTask DisposeAsync()
    {
        Disposed = true;
        return ValueTask.CompletedTask;
    }

    private void End(RunJob command, RunEnd end)
    {
        for (var i = 1; i <= end.Tries && sendsLogs; i++)
        {
            var last = i == end.Tries;
            _logs.Writer.TryWrite(new JobLogRecorded
            {
                RequestId = command.RequestId,
                JobId = command.Job.Id,
                Name = command.Job.Name,
                Type = command.Job.Type,
                Try = command.TotalTries + i,
                StartedAt = 1_700_000_000_000_000_000,
                FinishedAt = 1_700_000_000_120_000_000,
                State = last ? end.State : JobState.Fail,
                Exit = last && end.State == JobState.Complete ? 0 : 1,
                Error = last && end.State == JobState.Complete ? "" : "it broke",
                Stdout = "output",
            });
        }

        if (!sendsLogs)
        {
            _logs.Writer.TryComplete();
        }

        var data = (System.Text.Json.Nodes.JsonObject)command.JobData.DeepClone();
        end.Write?.Invoke(data);
        _finished.Writer.TryWrite(new JobFinished
        {
            RequestId = command.RequestId,
            JobId = command.Job.Id,
            FinalState = end.State,
            Tries = end.Tries,
            JobData = data,
            PrevTries = command.PrevTries + end.Tries,
            TotalTries = command.TotalTries + end.Tries,
            Error = end.Error,
        });
    }
}

/// <summary>How a run of a fake worker ends.</summary>
internal sealed record RunEnd(JobState State, int Tries = 1, string? Error = null)
{
    public Action<System.Text.Json.Nodes.JsonObject>? Write { get; init; }

    public static RunEnd Complete { get; } = new(JobState.Complete);

    public static RunEnd Fail { get; } = new(JobState.Fail);
}
