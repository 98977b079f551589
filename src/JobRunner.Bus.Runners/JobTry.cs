using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>
/// One try of a job: runs it, keeps its exceptions in, tells it to stop when asked or out of time, and gives it up when it does
/// not stop. All code of the job runs on pool threads of its own, so that nobody else is hurt when it blocks or throws.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="context">What the job knows of the try.</param>
/// <param name="limits">How long the try may take, be silent, and take to stop.</param>
/// <param name="maxLoggedBytes">How much of what the job logs is kept for the try's log; zero for nothing.</param>
/// <param name="time">The clock.</param>
[SuppressMessage("Design", "CA1001", Justification = "Has no timer and no link; a job may use its token after the try.")]
internal sealed class JobTry(IJob job, JobRunContext context, TryLimits limits, int maxLoggedBytes, TimeProvider time)
{
    private const int NotBegun = 0;
    private const int Begun = 1;
    private const int NeverBegins = 2;

    // With the code of the try, wherever it goes on.
    private static readonly AsyncLocal<JobTry?> Flow = new();

    private readonly TaskCompletionSource _endsOrIsAsked = new();
    private readonly CancellationTokenSource _stopToken = new();
    private int _code = NotBegun;
    private long _signOfLife;
    private TryLines? _lines; // made with the first: most tries log none
    private Task _work = Task.CompletedTask;
    private string? _outOfTime; // which limit ended it; null for none
    private volatile JobResult? _result; // of the job, once it has ended
    private volatile bool _ended;

    /// <summary>The try that this code belongs to; <see langword="null"/> outside of tries, and where nothing is kept of what they log.</summary>
    public static JobTry? Current => Flow.Value;

    /// <summary>The job's own status text.</summary>
    public string Status => context.Status;

    /// <summary>Whether the job did not stop in time and was given up. What is left of it runs on unheard.</summary>
    public bool GivenUp { get; private set; }

    /// <summary>The job's own error while it was told to stop; <see langword="null"/> for none. Known once the try has ended.</summary>
    public string? StopError { get; private set; }

    /// <summary>The job data as the job left them; <see langword="null"/> when it never asked for them or was given up.</summary>
    public JsonObject? JobData => GivenUp ? null : context.JobDataGiven;

    /// <summary>Asks for the job to be told to stop. Returns at once; no effect on a try that has ended.</summary>
    public void AskToStop() => Task.Run(() => _endsOrIsAsked.TrySetResult());

    /// <summary>Keeps a line for the try's log; none after the try has ended.</summary>
    public void Log(LogLevel level, string message, Exception? error)
    {
        if (!_ended)
        {
            LazyInitializer.EnsureInitialized(ref _lines, () => new TryLines(maxLoggedBytes, time)).Add(level, message, error);
        }
    }

    /// <summary>Runs the job until it ends, is to stop, or is out of time. Never throws. Called once.</summary>
    public Task RunAsync()
    {
        Interlocked.Exchange(ref _signOfLife, time.GetTimestamp());
        if (limits.Heartbeat > TimeSpan.Zero)
        {
            context.SignOfLife = () => Interlocked.Exchange(ref _signOfLife, time.GetTimestamp());
        }

        _work = WorkAsync();
        return limits.Timeout > TimeSpan.Zero || limits.Heartbeat > TimeSpan.Zero ? InTimeAsync() : _endsOrIsAsked.Task;
    }

    /// <summary>The result of the job. One that has not ended is told to stop, and given up if it does not. Never throws. Called once, after <see cref="RunAsync"/>.</summary>
    public async ValueTask<JobResult> EndAsync() => WithLines(_result ?? await StopAsync());

    private async Task<JobResult> StopAsync()
    {
        var telling = TellToStopAsync();
        await _work.WaitAsync(limits.ToStop, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // The job's stop may act on whatever the job holds: no next try starts under it.
        StopError = await telling;
        var late = _result;
        GivenUp = late is null;
        var result = late ?? JobResult.Fail($"the job did not stop within {GoDuration.FromTimeSpan(limits.ToStop)} and was given up");
        return _outOfTime is null ? result : Failed(result, _outOfTime);
    }

    private JobResult WithLines(JobResult result)
    {
        _ended = true;
        return _lines?.Close() is { Length: > 0 } logged ? result with { Stdout = logged + result.Stdout } : result;
    }

    /// <summary>What is called from here on logs for this try.</summary>
    private void Enter() => Flow.Value = maxLoggedBytes > 0 ? this : null;

    /// <summary>Waits until the job ends, is to stop, or is out of time.</summary>
    private async Task InTimeAsync()
    {
        var began = time.GetTimestamp();
        while (!_endsOrIsAsked.Task.IsCompleted)
        {
            var left = Left(limits.Timeout, began);
            var silence = Left(limits.Heartbeat, Interlocked.Read(ref _signOfLife));
            var next = left < silence ? left : silence;
            if (next <= TimeSpan.Zero)
            {
                _outOfTime = left <= TimeSpan.Zero ? limits.TooLong : limits.Silent;
                return;
            }

            await LongWait.UntilAsync(_endsOrIsAsked.Task, next, time);
        }
    }

    private TimeSpan Left(TimeSpan limit, long since) => limit > TimeSpan.Zero ? limit - time.GetElapsedTime(since) : TimeSpan.MaxValue;

    /// <summary>The job's own work. Never throws: a job that throws has failed (seed).</summary>
    private async Task WorkAsync()
    {
        // On a thread of its own: a job may block it, also before its first await.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        // Told before its code began, it would miss the stop.
        var result = JobResult.Stopped();
        if (Interlocked.CompareExchange(ref _code, Begun, NotBegun) == NotBegun)
        {
            Enter();
            try
            {
                result = await (job.RunAsync(context, _stopToken.Token) ?? throw new InvalidOperationException("the job returned no task"))
                    ?? throw new InvalidOperationException("the job returned no result");
            }
            catch (JobException error)
            {
                result = (error.Result ?? JobResult.Fail("")) with { Error = error.Message };
            }
            catch (OperationCanceledException) when (_stopToken.IsCancellationRequested)
            {
            }
            catch (Exception error)
            {
                result = JobResult.Fail("panic from job.Run: " + error.Message) with { Stderr = error.ToString() };
            }
        }

        _result = result;
        _endsOrIsAsked.TrySetResult();
    }

    /// <summary>A try out of time has failed, whatever it returned; unless it completed after all.</summary>
    private static JobResult Failed(JobResult result, string error)
    {
        if (result.State == JobState.Complete)
        {
            return result;
        }

        return result with
        {
            State = JobState.Fail,
            Exit = result.Exit == 0 ? 1 : result.Exit,
            Error = string.IsNullOrEmpty(result.Error) ? error : $"{error}: {result.Error}",
        };
    }

    private Task StopJobAsync()
    {
        Enter();
        return job.StopAsync();
    }

    /// <summary>Returns the job's own error in being told, or that its time to stop is over; null for neither. Never throws.</summary>
    private async Task<string?> TellToStopAsync()
    {
        var begun = Interlocked.CompareExchange(ref _code, NeverBegins, NotBegun) == Begun;
        var told = Task.WhenAll(begun ? Task.Run(StopJobAsync) : Task.CompletedTask, _stopToken.CancelAsync());
        try
        {
            await told.WaitAsync(limits.ToStop, time);
            return null;
        }
        catch (TimeoutException) when (!told.IsCompleted)
        {
            // Nobody hears what it throws later.
            _ = told.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return $"the job's stop did not return within {GoDuration.FromTimeSpan(limits.ToStop)}";
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
}
