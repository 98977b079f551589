namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Limits of one job type, the same on every worker that runs the same program.</summary>
public sealed class JobTypeOptions
{
    /// <summary>
    /// How many tries of this type run at once in a worker, 1 or more; <see langword="null"/>, the preset, for as many as
    /// there are slots. A job that finds no place for as long as waits are not parked (1 second) is sent back, and looked
    /// at again some seconds later, by whoever is free; jobs of the type may then run in another order than they came.
    /// </summary>
    public int? MaxConcurrency { get; set; }

    /// <summary>
    /// How long a try may take when its command does not say (<see cref="Contracts.RunJob.Timeout"/>), above zero;
    /// <see langword="null"/>, the preset, for no limit. A try that takes longer is told to stop and has failed.
    /// </summary>
    public TimeSpan? TryTimeout { get; set; }

    /// <summary>
    /// How long a try may go without reporting a status when its command does not say (<see cref="Contracts.RunJob.Heartbeat"/>), above
    /// zero; <see langword="null"/>, the preset, for no limit. A try that is silent for longer is told to stop and has failed. For jobs
    /// that report their status (<see cref="JobRunContext.ReportStatus"/>) as they go on.
    /// </summary>
    public TimeSpan? Heartbeat { get; set; }

    internal void Validate(string type)
    {
        if (MaxConcurrency < 1)
        {
            throw new ArgumentException($"Job type \"{type}\": {nameof(MaxConcurrency)} is {MaxConcurrency}; it must be 1 or more.");
        }

        if (TryTimeout <= TimeSpan.Zero)
        {
            throw new ArgumentException($"Job type \"{type}\": {nameof(TryTimeout)} is {TryTimeout}; it must be above zero.");
        }

        if (Heartbeat <= TimeSpan.Zero)
        {
            throw new ArgumentException($"Job type \"{type}\": {nameof(Heartbeat)} is {Heartbeat}; it must be above zero.");
        }
    }
}
