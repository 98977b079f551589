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
    private volatile bool _timedOut;

    public TryRun(IJob job, RunJob command, long tryNumber, JsonObject jobData, TimeSpan stopTimeout, TimeProvider time)
    {
        _job = job;
        _jobDataBefore = jobData;
        // A job given up on may write on to its data: what goes on then is the copy it never saw.
        _context = new JobRunContext(command.RequestId, command.Job, (JsonObject)jobData.DeepClone(), tryNumber);
        _timeout = GoDuration.Parse(command.Timeout).ToTimeSpan();
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
        using var limit = _timeout > TimeSpan.Zero ? _time.CreateTimer(OutOfTime, null, _timeout, Timeout.InfiniteTimeSpan) : null;

        // On a thread of its own: a job that blocks before its first await must not block whoever delivers commands.
        var work = Task.Run(() => _job.RunAsync(_context, _stop.Token), CancellationToken.None);
        if (await Task.WhenAny(work, _told.Task) != work && !await EndsInTimeAsync(work))
        {
            GivenUp = true;
            ObserveLater(work);
            return WithTimeout(JobResult.Fail($"the job did not stop within {GoDuration.FromTimeSpan(_stopTimeout)} and was given up"));
        }

        return WithTimeout(await ResultOfAsync(work));
    }

    private void OutOfTime(object? state)
    {
        _timedOut = true;
        _ = TellToStopAsync();
    }

    /// <summary>Tells the job to stop; returns its own error in doing so, or null.</summary>
    public async Task<string?> TellToStopAsync()
    {
        _told.TrySetResult();
        var own = Task.Run(_job.StopAsync, CancellationToken.None);
        try
        {
            await _stop.CancelAsync();
            await own.WaitAsync(_stopTimeout, _time);
            return null;
        }
        catch (TimeoutException) when (!own.IsCompleted)
        {
            ObserveLater(own);
            return $"the job's stop did not return within {GoDuration.FromTimeSpan(_stopTimeout)}";
        }
        catch (ObjectDisposedException)
        {
            // The try ended by itself in the meantime.
            return null;
        }
        catch (Exception error)
        {
            return error.Message;
        }
    }

    private async Task<bool> EndsInTimeAsync(Task work)
    {
        using var grace = new CancellationTokenSource();
        var ended = await Task.WhenAny(work, Task.Delay(_stopTimeout, _time, grace.Token)) == work;
        await grace.CancelAsync();
        return ended;
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
