using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>
/// One try of a job: runs it, keeps its exceptions in, and tells it to stop when asked or out of time. It is itself the source of
/// its job's stop token.
/// </summary>
/// <remarks>A try that is never told anything makes no more objects than this one and its context.</remarks>
internal sealed class TryRun(ITryOwner owner, JobRunContext context) : CancellationTokenSource, IStoppable
{
    private TryEnding? _ending;
    private bool _began;
    private bool _timedOut;
    private bool _ended;

    /// <summary>The job's own status text.</summary>
    public string Status => context.Status;

    /// <summary>When it started, Unix nanoseconds.</summary>
    public long StartedAt { get; set; }

    /// <summary>Whether the job did not stop in time and was given up.</summary>
    public bool GivenUp { get; private set; }

    /// <summary>The job data as the job left them; <see langword="null"/> when it never asked for them or was given up.</summary>
    public System.Text.Json.Nodes.JsonObject? JobDataGiven => GivenUp ? null : context.JobDataGiven;

    /// <summary>Its span; none when nobody listens.</summary>
    public Activity? Span
    {
        get => _ending?.Span;
        set
        {
            if (value is not null)
            {
                lock (this)
                {
                    Ending.Span = value;
                }
            }
        }
    }

    private TryEnding Ending => _ending ??= new TryEnding();

    /// <summary>What this try needs when it does not just end by itself.</summary>
    private sealed class TryEnding
    {
        public Activity? Span;
        public CancellationTokenSource? Timing;
        public Task<string?>? Telling;
        public TaskCompletionSource? Ends;
    }

    /// <summary>Runs the job, on this thread until it first waits. Never throws.</summary>
    /// <param name="timeout">How long it may take; zero for no limit.</param>
    /// <returns>The result; <see langword="null"/> when the job was given up meanwhile, and the owner told.</returns>
    public async ValueTask<JobResult?> RunAsync(TimeSpan timeout)
    {
        if (timeout > TimeSpan.Zero)
        {
            StopWhenOutOfTime(timeout);
        }

        var work = Begin();
        if (!work.IsCompleted)
        {
            await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        TryEnding? ending;
        lock (this)
        {
            if (GivenUp)
            {
                // Nobody looks at it any more.
                _ = work.Exception;
                return null;
            }

            // From here on it can neither be told nor given up.
            _ended = true;
            ending = _ending;
        }

        if (ending is not null)
        {
            ending.Ends?.TrySetResult();
            await LeaveTimeAsync(ending);
            // A job that still is being told to stop is left to it first, so that no stop outlives its try.
            await (ending.Telling ?? Task.CompletedTask);
        }

        var result = work is { IsCompletedSuccessfully: true, Result: { } returned } ? returned : await TryResult.OfAsync(work, Token);
        return _timedOut ? TryResult.OutOfTime(result, timeout) : result;
    }

    private Task<JobResult> Begin()
    {
        lock (this)
        {
            if (_ending?.Telling is not null)
            {
                // Told before its code began: it would miss a stop that came before it could listen.
                return Task.FromResult(JobResult.Stopped());
            }

            _began = true;
        }

        try
        {
            return owner.Job.RunAsync(context, Token) ?? Task.FromCanceled<JobResult>(new CancellationToken(canceled: true));
        }
        catch (Exception error)
        {
            return Task.FromException<JobResult>(error);
        }
    }

    private void StopWhenOutOfTime(TimeSpan timeout)
    {
        var timing = new CancellationTokenSource();
        lock (this)
        {
            Ending.Timing = timing;
        }

        _ = StopWhenOutOfTimeAsync(timeout, timing.Token);
    }

    private async Task StopWhenOutOfTimeAsync(TimeSpan timeout, CancellationToken ended)
    {
        try
        {
            await LongDelay.WaitAsync(timeout, owner.Time, ended);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        lock (this)
        {
            // A try that is stopping already has its time limit from that.
            if (_ended || Ending.Telling is not null)
            {
                return;
            }

            _timedOut = true;
            Tell(Ending, timeout);
        }
    }

    private static async Task LeaveTimeAsync(TryEnding ending)
    {
        if (ending.Timing is { } timing)
        {
            await timing.CancelAsync();
            timing.Dispose();
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
            if (_ending?.Telling is { } told)
            {
                return told;
            }

            return _ended ? Task.FromResult<string?>(null) : Tell(Ending, TimeSpan.Zero);
        }
    }

    /// <summary>Called within the lock. From here on the job has its time to stop, and is given up when that is over.</summary>
    private Task<string?> Tell(TryEnding ending, TimeSpan timeout)
    {
        ending.Ends = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var job = _began ? Task.Run(owner.Job.StopAsync, CancellationToken.None) : Task.CompletedTask;
        ending.Telling = TryTelling.WatchAsync(Task.WhenAll(job, CancelAsync()), owner.StopTimeout, owner.Time);
        _ = GiveUpUnlessEndedAsync(ending, timeout);
        return ending.Telling;
    }

    private async Task GiveUpUnlessEndedAsync(TryEnding ending, TimeSpan timeout)
    {
        using (var grace = new CancellationTokenSource())
        {
            await Task.WhenAny(ending.Ends!.Task, Task.Delay(owner.StopTimeout, owner.Time, grace.Token));
            await grace.CancelAsync();
        }

        lock (this)
        {
            if (_ended)
            {
                return;
            }

            _ended = GivenUp = true;
        }

        // Copied before the next try may change what it is copied from.
        _ = context.JobData;
        await LeaveTimeAsync(ending);
        await ending.Telling!;
        var result = JobResult.Fail($"the job did not stop within {GoDuration.FromTimeSpan(owner.StopTimeout)} and was given up");
        owner.GaveUp(this, _timedOut ? TryResult.OutOfTime(result, timeout) : result);
    }

    /// <summary>
    /// Until its log is safe, a try that was not told to stop lends its token to it: its job is done with it. Not one that was: its token
    /// has fired.
    /// </summary>
    public CancellationToken? UntilLogged => IsCancellationRequested ? null : Token;

    /// <summary>Its log is not wanted any more.</summary>
    public void TakeBackLog()
    {
        try
        {
            Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is safe already.
        }
    }
}
