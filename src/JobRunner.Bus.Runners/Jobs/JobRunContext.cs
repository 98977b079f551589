using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>What a job knows of its try. Safe to read from any thread, but for <see cref="JobData"/>.</summary>
public sealed class JobRunContext
{
    private readonly RunJob _command;
    // What was there before, as LazyObject, until the job asks for it; then the job's own copy.
    private volatile object _jobData;
    private volatile string _status = "";

    /// <summary>Makes a context; jobs get one from their runner, tests may make their own.</summary>
    public JobRunContext(string requestId, Job job, JsonObject jobData, long tryNumber)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(jobData);
        _command = new RunJob { RequestId = requestId, Job = job };
        _jobData = jobData;
        Try = tryNumber;
    }

    /// <summary>A context whose job data is a copy, made when the job first asks for it: many never do.</summary>
    internal JobRunContext(RunJob command, LazyObject jobData, long tryNumber)
    {
        _command = command;
        _jobData = jobData;
        Try = tryNumber;
    }

    /// <summary>The job data that the job was given; <see langword="null"/> while it has not asked for them.</summary>
    internal JsonObject? JobDataGiven => _jobData as JsonObject;

    /// <summary>Id of the request the job belongs to.</summary>
    public string RequestId => _command.RequestId;

    /// <summary>The job as its scheduler sent it: id, name, type, arguments.</summary>
    public Job Job => _command.Job;

    /// <summary>
    /// Data from the jobs before this one. What a try writes here the next try sees, and the scheduler gets it back when
    /// the run ends. Not safe for use by several threads at once.
    /// </summary>
    public JsonObject JobData => _jobData as JsonObject ?? Copy();

    private JsonObject Copy()
    {
        if (_jobData is LazyObject before)
        {
            Interlocked.CompareExchange(ref _jobData, before.Copy(), before);
        }

        return (JsonObject)_jobData;
    }

    /// <summary>Number of this try over all runs of the job, as in its log; 1 for the first ever.</summary>
    public long Try { get; }

    /// <summary>The status text last reported, empty at first.</summary>
    public string Status => _status;

    /// <summary>
    /// Tells what the job is doing, for people who watch it; replaces the text before. It is a sign of life as well, also with the same
    /// text: a try with a heartbeat has until the next one.
    /// </summary>
    public void ReportStatus(string text)
    {
        _status = text ?? "";
        SignOfLife?.Invoke();
    }

    /// <summary>Called at each report, on the job's thread.</summary>
    internal Action? SignOfLife { private get; set; }
}
