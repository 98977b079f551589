namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>What one job is to do. All of it follows from the seed.</summary>
/// <param name="Id">Its id within the request.</param>
/// <param name="TryTakes">How long each of its tries runs.</param>
/// <param name="Fails">How many tries that run to their end fail before one passes.</param>
/// <param name="Retry">Its retry budget.</param>
/// <param name="RetryWait">Its wait between tries, a Go duration.</param>
/// <param name="StopsAfter">When it is stopped, in each of its runs; as many of its runs are. Negative: the stop is sent before the run.</param>
/// <param name="StopsOnceBegun">Whether that counts from the begin of a run's first try, so that it runs or waits then; else from when the run was sent.</param>
/// <param name="Resumes">How often it is sent again after it has ended STOPPED.</param>
public sealed record ChaosJob(
    string Id, TimeSpan TryTakes, int Fails, int Retry, string RetryWait, IReadOnlyList<TimeSpan> StopsAfter, bool StopsOnceBegun, int Resumes);
