using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Events 1000–1099: what happens to one job. Written within a scope of RequestId and JobId.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, long, IDisposable?> Try = LoggerMessage.DefineScope<long>("Try:{Try}");

    /// <summary>What is logged within is of this try, whoever logs it.</summary>
    public static IDisposable? OfTry(ILogger logger, long tryNumber) => Try(logger, tryNumber);

    /// <summary>A try is over.</summary>
    /// <param name="logger">Where it is logged.</param>
    /// <param name="log">What is recorded of it.</param>
    /// <param name="returned">The state that its job returned.</param>
    /// <param name="givenUpAfter">How long its job had to stop, where it did not; none otherwise.</param>
    public static void TryIsOver(ILogger logger, JobLogRecorded log, JobState returned, TimeSpan? givenUpAfter)
    {
        TryEnded(logger, log.Try, log.State.ToSeedName(), log.Exit, (log.FinishedAt - log.StartedAt) / 1e9);
        if (log.State != returned)
        {
            StateChangedByStop(logger, log.Try, returned.ToSeedName());
        }

        if (givenUpAfter is { } stopTimeout)
        {
            JobDidNotStop(logger, log.Try, stopTimeout);
        }
    }

    [LoggerMessage(1000, LogLevel.Debug, "Try {Try} starts ({TryNo} of {MaxTries})")]
    public static partial void TryStarts(ILogger logger, long @try, long tryNo, long maxTries);

    [LoggerMessage(1001, LogLevel.Debug, "Try {Try} ended: {State}, exit {Exit}, after {Seconds} s")]
    private static partial void TryEnded(ILogger logger, long @try, string state, long exit, double seconds);

    [LoggerMessage(1002, LogLevel.Warning, "Try {Try} failed: {State}; {TriesLeft} tries left")]
    public static partial void TryFailed(ILogger logger, long @try, string state, long triesLeft);

    [LoggerMessage(1003, LogLevel.Information, "Try {Try} was told to stop: state {State} becomes STOPPED")]
    private static partial void StateChangedByStop(ILogger logger, long @try, string state);

    [LoggerMessage(1004, LogLevel.Error, "Try {Try} did not stop within {StopTimeout} and was given up; what is left of it runs on")]
    private static partial void JobDidNotStop(ILogger logger, long @try, TimeSpan stopTimeout);

    [LoggerMessage(1005, LogLevel.Warning, "The job or one of its services could not be disposed of after the run")]
    public static partial void JobNotDisposed(ILogger logger, Exception error);
}
