using System.Text.Json.Nodes;
using System.Threading.Tasks.Sources;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>One try of a job: runs it, keeps its exceptions in, and tells it to stop when asked or out of time.</summary>
/// <remarks>
/// A try that is never told anything makes no more objects than this one and its stop token: it is its own work item, and what
/// its runner waits on.
/// </remarks>
internal sealed class TryRun : IStoppable, IThreadPoolWorkItem, IValueTaskSource, IDisposable
{
    private readonly IJob _job;
    private readonly JobRunContext _context;
    private readonly JsonObject _jobDataBefore;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _stopTimeout;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private ManualResetValueTaskSourceCore<bool> _endedOrTold;
    private ExecutionContext? _flow;
    private CancellationTokenSource? _timing;
    private Task<JobResult>? _work;
    private TaskCompletionSource? _workEnds;
    private Task<string?>? _telling;
    private int _woken;
    private bool _started;
    private bool _timedOut;
    private bool _ended;

    public TryRun(
        IJob job, RunJob command, long tryNumber, JsonObject jobData, TimeSpan timeout, TimeSpan stopTimeout, TimeProvider time)
    {
        _job = job;
        _jobDataBefore = jobData;
        // A job given up on may write on to its data: what goes on then is the copy it never saw.
        _context = JobRunContext.WithCopy(command.RequestId, command.Job, jobData, tryNumber);
        _timeout = timeout;
        _stopTimeout = stopTimeout;
        _time = time;
    }

    /// <summary>The job's own status text.</summary>
    public string Status => _context.Status;

    /// <summary>Whether the job did not stop in time and was given up.</summary>
    public bool GivenUp { get; private set; }

    /// <summary>The job data the next try sees.</summary>
    public JsonObject JobDataAfter => GivenUp ? _jobDataBefore : _context.JobDataGiven ?? _jobDataBefore;

    /// <summary>Runs the try; never throws.</summary>
    public async Task<JobResult> RunAsync()
    {
        await StartAsync();
        return await EndAsync();
    }

    /// <summary>Starts the try; completes when it has ended, or when it was told to stop. Awaited once.</summary>
    public ValueTask StartAsync()
    {
        if (_timeout > TimeSpan.Zero)
        {
            _timing = new CancellationTokenSource();
            _ = StopWhenOutOfTimeAsync(_timing.Token);
        }

        // On a thread of its own: a job that blocks before its first await must neither block its runner nor whoever delivers.
        _flow = ExecutionContext.Capture();
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        return new ValueTask(this, _endedOrTold.Version);
    }

    /// <summary>After <see cref="StartAsync"/>: the result, once the job has ended or was given up. Never throws.</summary>
    public ValueTask<JobResult> EndAsync()
    {
        lock (this)
        {
            if (_telling is null && _timing is null && _work is { IsCompletedSuccessfully: true, Result: { } result })
            {
                _ended = true;
                return new ValueTask<JobResult>(result);
            }
        }

        return new ValueTask<JobResult>(EndSlowlyAsync());
    }

    private async Task<JobResult> EndSlowlyAsync()
    {
        if (_work is not { IsCompleted: true } && !await EndsInTimeAsync())
        {
            GivenUp = true;
            // Copied before the next try may change what it is copied from.
            _ = _context.JobData;
        }

        if (_timing is not null)
        {
            await _timing.CancelAsync();
            _timing.Dispose();
        }

        await ToldAsync();
        var result = GivenUp
            ? JobResult.Fail($"the job did not stop within {GoDuration.FromTimeSpan(_stopTimeout)} and was given up")
            : await TryResult.OfAsync(_work!, _stop.Token);
        return _timedOut ? TryResult.OutOfTime(result, _timeout) : result;
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_flow is null)
        {
            Begin();
        }
        else
        {
            ExecutionContext.Run(_flow, static one => ((TryRun)one!).Begin(), this);
        }
    }

    private void Begin()
    {
        Task<JobResult>? work;
        try
        {
            work = BeginJob() ?? Task.FromCanceled<JobResult>(new CancellationToken(canceled: true));
        }
        catch (Exception error)
        {
            work = Task.FromException<JobResult>(error);
        }

        if (work.IsCompleted)
        {
            Ended(work);
        }
        else
        {
            EndLater(work);
        }
    }

    private void EndLater(Task<JobResult> work) => work.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(() => Ended(work));

    /// <summary>A job told to stop before its code began never begins: it would miss a stop that came before it could listen.</summary>
    private Task<JobResult>? BeginJob()
    {
        lock (this)
        {
            if (_telling is not null)
            {
                return Task.FromResult(JobResult.Stopped());
            }

            _started = true;
        }

        return _job.RunAsync(_context, _stop.Token);
    }

    private void Ended(Task<JobResult> work)
    {
        TaskCompletionSource? ends;
        lock (this)
        {
            _work = work;
            ends = _workEnds;
        }

        if (GivenUp)
        {
            // Nobody looks at it any more.
            _ = work.Exception;
        }

        ends?.TrySetResult();
        Wake();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _woken, 1) == 0)
        {
            _endedOrTold.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _endedOrTold.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _endedOrTold.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _endedOrTold.OnCompleted(continuation, state, token, flags);

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

        lock (this)
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
        lock (this)
        {
            return _telling ??= _ended ? Task.FromResult<string?>(null) : TellAsync();
        }
    }

    private async Task<string?> TellAsync()
    {
        // Not from here: the lock is held.
        ThreadPool.UnsafeQueueUserWorkItem(static one => one.Wake(), this, preferLocal: false);
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
    private Task ToldAsync()
    {
        lock (this)
        {
            _ended = true;
            return _telling ?? Task.CompletedTask;
        }
    }

    private async Task<bool> EndsInTimeAsync()
    {
        Task ends;
        lock (this)
        {
            if (_work is not null)
            {
                return true;
            }

            ends = (_workEnds ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }

        using var grace = new CancellationTokenSource();
        await Task.WhenAny(ends, Task.Delay(_stopTimeout, _time, grace.Token));
        await grace.CancelAsync();
        return ends.IsCompleted;
    }

    private static void ObserveLater(Task task) =>
        _ = task.ContinueWith(static done => done.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    public void Dispose() => _stop.Dispose();
}
