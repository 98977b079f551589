using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Testing;

/// <summary>A run that goes on while the test looks at it.</summary>
public sealed class LiveJobRun : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    private readonly ServiceProvider _services;
    private readonly KeptLogs _logs;
    private readonly TimeSpan _giveUpAfter;
    private readonly Runner _runner;
    private readonly Task<Return> _run;

    internal LiveJobRun(ServiceProvider services, RunJob command, TestClock clock, KeptLogs logs, TimeSpan giveUpAfter)
    {
        _services = services;
        Clock = clock;
        _logs = logs;
        _giveUpAfter = giveUpAfter;
        _runner = services.GetRequiredService<RunnerFactory>().Make(command);
        _run = _runner.RunAsync();
    }

    /// <summary>The clock of the run. It moves when the test advances it, and by itself only in <see cref="EndAsync"/>, between tries.</summary>
    public TestClock Clock { get; }

    /// <summary>The logs so far.</summary>
    public IReadOnlyList<JobLogRecorded> Logs => _logs.All;

    /// <summary>Live status, as <c>ps</c> shows it.</summary>
    public RunnerStatus Status => _runner.Status();

    /// <summary>Waits until the status is as the test wants it: the moment to stop the job, or to move the clock.</summary>
    /// <exception cref="TimeoutException">It was not in time.</exception>
    public Task UntilAsync(Func<RunnerStatus, bool> condition) => UntilAsync(() => condition(Status), "the status the test waits for");

    /// <summary>Waits until something waits for the clock, then moves it: a wait within the job, or the timeout of its try, is over.</summary>
    /// <exception cref="TimeoutException">Nothing waits for the clock.</exception>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await UntilAsync(() => _run.IsCompleted || Clock.UntilNext() is not null, "something that waits for the clock");
        Clock.Advance(by);
    }

    /// <summary>Stops the job, as a person does; returns what whoever asked is told.</summary>
    public Task<StopResult> StopAsync() => _runner.StopAsync().WaitAsync(_giveUpAfter);

    /// <summary>Waits for the end. Waits between tries are skipped: the clock is moved on to the next try.</summary>
    /// <exception cref="TimeoutException">The run has not ended in time.</exception>
    public async Task<JobRunResult> EndAsync()
    {
        await UntilAsync(HasEnded, $"the end of the run; a job that waits for its TimeProvider needs {nameof(AdvanceAsync)}");
        var end = await _run;
        return new JobRunResult
        {
            FinalState = end.FinalState,
            Tries = end.Tries,
            Logs = Logs,
            JobData = end.JobData,
            Error = end.Error,
            PrevTries = end.Next.PrevTries,
            TotalTries = end.Next.TotalTries,
        };

        bool HasEnded()
        {
            if (!_run.IsCompleted && Status.Sleeping && Clock.UntilNext() is { } wait)
            {
                Clock.Advance(wait);
            }

            return _run.IsCompleted;
        }
    }

    /// <summary>Stops the job if it still runs, and lets go of it and its services.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_run.IsCompleted)
        {
            _runner.Abandon();
            await Task.WhenAny(_run, Task.Delay(_giveUpAfter, TimeProvider.System));
            _ = _run.Exception;
        }

        await _runner.DisposeAsync();
        await _services.DisposeAsync();
    }

    private async Task UntilAsync(Func<bool> condition, string what)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(since) > _giveUpAfter)
            {
                throw new TimeoutException(
                    $"waited {_giveUpAfter.TotalSeconds:0.#} s for {what}; status \"{Status.Status}\", try {Status.Try}, {Logs.Count} logs");
            }

            await Task.Delay(Look, TimeProvider.System);
        }
    }
}
