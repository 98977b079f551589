namespace JobRunner.Bus.Runners.Jobs;

/// <summary>
/// A job: the smallest piece of work that has meaning by itself. Written by job authors, registered by type name with
/// <c>AddJob&lt;T&gt;("type")</c>, made anew (from dependency injection, in a scope of its own) for every run.
/// </summary>
/// <remarks>
/// <para>
/// Life cycle: constructor, <see cref="Deserialize"/> once, then <see cref="RunAsync"/> once per try until a try returns
/// <see cref="Contracts.JobState.Complete"/> or <see cref="Contracts.JobState.Stopped"/>, or no try is left. A run may
/// move to another worker between two tries, and then another instance goes on: keep what later tries need in
/// <see cref="JobRunContext.JobData"/>, not in fields.
/// </para>
/// <para>
/// A try that was cut off by a crash of its worker leaves no log and is run again. Write jobs so that running twice does
/// no harm.
/// </para>
/// </remarks>
public interface IJob
{
    /// <summary>
    /// Reads what the job needs to run from the bytes its scheduler wrote (the seed's <c>Job.Deserialize</c>). Called
    /// once, before the first try. Throw, with a message for the scheduler, when they make no sense: the job then fails
    /// without a try.
    /// </summary>
    /// <param name="bytes">The job's bytes, empty when there are none.</param>
    void Deserialize(ReadOnlySpan<byte> bytes)
    {
    }

    /// <summary>
    /// Runs one try and returns how it ended. Throwing is a failed try: FAIL, exit 1, error "panic from job.Run: …".
    /// Throw <see cref="JobException"/> to say in your own words what went wrong before or after the work.
    /// </summary>
    /// <param name="context">Who the job is, the data handed on, and where to report status.</param>
    /// <param name="stopToken">
    /// Fires when the job is to stop: a person stopped it, its worker drains, or the try ran out of time. Return soon
    /// after; whatever is returned other than COMPLETE is then logged as STOPPED (or FAIL, out of time).
    /// </param>
    Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken);

    /// <summary>
    /// Called at most once a try, when the job is to stop while the try runs, as the stop token fires: for work that a
    /// token does not reach. The try does not end before it has returned or the time to stop is over. What it throws is
    /// told to whoever asked for the stop.
    /// </summary>
    Task StopAsync() => Task.CompletedTask;
}
