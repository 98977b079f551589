namespace JobRunner.Bus.Runners;

/// <summary>The two try counts that travel with a job from run to run.</summary>
/// <param name="PrevTries">Tries of the current sequence used up so far, 0 to 1 + retry.</param>
/// <param name="TotalTries">Highest try number logged so far; the next log is one higher.</param>
public readonly record struct TryCounters(long PrevTries, long TotalTries);
