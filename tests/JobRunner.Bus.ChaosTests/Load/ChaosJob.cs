namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>What one job is to do. All of it follows from the seed.</summary>
/// <param name="Id">Its id within the request.</param>
/// <param name="TryTakes">How long each of its tries runs.</param>
/// <param name="Fails">How many of its tries fail before one passes, counted by the target.</param>
/// <param name="Retry">Its retry budget.</param>
/// <param name="RetryWait">Its wait between tries, a Go duration.</param>
/// <param name="StopAfter">When it is stopped, after it was sent; none if it is not.</param>
/// <param name="Resumes">Whether it is sent again once it has ended STOPPED.</param>
public sealed record ChaosJob(string Id, TimeSpan TryTakes, int Fails, int Retry, string RetryWait, TimeSpan? StopAfter, bool Resumes);
