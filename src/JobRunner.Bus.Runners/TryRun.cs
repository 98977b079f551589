using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>One try of a job: runs it, keeps its exceptions in, and tells it to stop when asked or out of time.</summary>
internal sealed class TryRun : IDisposable
{
    private readonly IJob _job;
    private readonly JobRunContext _context;
    private readonly JsonObject _jobDataBefore;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _stopTimeout;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private Task<string?>? _telling;
    private bool _started;
    private bool _timedOut;
    private bool _ended;

    public TryRun(
        IJob job, RunJob command, long tryNumber, JsonObject jobData, TimeSpan timeout, TimeSpan stopTimeout, TimeProvider time)
    {
        _job = job;
        _jobDataBefore = jobData;
        // A job given up on may write on to its data: what goes on then is the copy it never saw.
        _context = new JobRunContext(command.RequestId, command.Job, (JsonObject)jobData.DeepClone(), tryNumber);
        _timeout = timeout;
        _stopTimeout = stopTimeout;
        _time = time;
    }

    /// <summary>The job's own status text.</summary>
    public string Status => _context.Status;

    /// <summary>Whether the job did not stop in time and was given up.</summary>
    public bool GivenUp { get; private set; }

    /// <summary>The job data the next try sees.</summary>
    public JsonObject JobDataAfter => GivenUp ? _jobDataBefore : _context.JobData;

    /// <summary>Runs the try; never throws.</summary>
    public async Task<JobResult> RunAsync()
    {
        using var ended = new CancellationTokenSource();
        if (_timeout > TimeSpan.Zero)
        {
            _ = StopWhenOutOfTimeAsync(ended.Token);
        }

        // On a thread of its own: a job that blocks before its first await must not block whoever delivers commands.
        var work = Task.Run(StartAsync, CancellationToken.None);
        if (await Task.WhenAny(work, _told.Task) != work && !await EndsInTimeAsync(work))
        {
            GivenUp = true;
            ObserveLater(work);
        }

        await ended.CancelAsync();
        await EndAsync();
        return WithTimeout(GivenUp
            ? JobResult.Fail($"the job did not stop within {GoDuration.FromTimeSpan(_stopTimeout)} and was given up")
            : await ResultOfAsync(work));
    }

    /// <summary>A job told to stop before its code began never begins: it would miss a stop that came before it could listen.</summary>
    private Task<JobResult> StartAsync()
    {
        lock (_lock)
        {
            if (_telling is not null)
            {
                return Task.FromResult(JobResult.Stopped());
            }

            _started = true;
        }

        return _job.RunAsync(_context, _stop.Token);
    }

    private async Task StopWhenOutOfTimeAsync(CancellationToken ended)
    {
        try
        {
            await LongDelay.WaitAsync(_timeout, _time, ended);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (_lock)
        {
            // A try that is stopping already has its time limit from that.
            if (_ended || _telling is not null)
            {
                return;
            }

            _timedOut = true;
            _telling = TellAsync();
        }
    }

    /// <summary>
    /// Tells the job to stop, once however many ask; returns its own error in doing so, or null. A try that has ended is
    /// told nothing: its job may be in the next one.
    /// </summary>
    public Task<string?> TellToStopAsync()
    {
        lock (_lock)
        {
            return _telling ??= _ended ? Task.FromResult<string?>(null) : TellAsync();
        }
    }

    private async Task<string?> TellAsync()
    {
        _told.TrySetResult();
        var job = _started ? Task.Run(_job.StopAsync, CancellationToken.None) : Task.CompletedTask;
        var told = Task.WhenAll(job, _stop.CancelAsync());
        try
        {
            await told.WaitAsync(_stopTimeout, _time);
            return null;
        }
        catch (TimeoutException) when (!told.IsCompleted)
        {
            ObserveLater(told);
            return $"the job's stop did not return within {GoDuration.FromTimeSpan(_stopTimeout)}";
        }
        catch (AggregateException error) when (error.InnerExceptions is [var thrownByCallback])
        {
            return thrownByCallback.Message;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    /// <summary>Ends the try: a job that still is being told to stop is left to it first, so that no stop outlives its try.</summary>
    private Task EndAsync()
    {
        lock (_lock)
        {
            _ended = true;
            return _telling ?? Task.CompletedTask;
        }
    }

    private async Task<bool> EndsInTimeAsync(Task work)
    {
        using var grace = new CancellationTokenSource();
        await Task.WhenAny(work, Task.Delay(_stopTimeout, _time, grace.Token));
        await grace.CancelAsync();
        return work.IsCompleted;
    }

    private async Task<JobResult> ResultOfAsync(Task<JobResult> work)
    {
        try
        {
            return await work ?? Panicked("the job returned no result");
        }
        catch (JobException error)
        {
            return (error.Result ?? JobResult.Fail("")) with { Error = error.Message };
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }
        catch (Exception error)
        {
            return Panicked(error.Message) with { Stderr = error.ToString() };
        }
    }

    private static JobResult Panicked(string what) => JobResult.Fail("panic from job.Run: " + what);

    /// <summary>A try out of time has failed, whatever it returned; unless it completed after all.</summary>
    private JobResult WithTimeout(JobResult result)
    {
        if (!_timedOut || result.State == JobState.Complete)
        {
            return result;
        }

        var error = $"the try took longer than its timeout of {GoDuration.FromTimeSpan(_timeout)}";
        return result with
        {
            State = JobState.Fail,
            Exit = result.Exit == 0 ? 1 : result.Exit,
            Error = string.IsNullOrEmpty(result.Error) ? error : $"{error}: {result.Error}",
        };
    }

    private static void ObserveLater(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    public void Dispose() => _stop.Dispose();
}
