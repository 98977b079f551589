using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Events 1000–1099: what happens to one job. Written within a scope of RequestId and JobId.</summary>
internal static partial class Log
{
    private static readonly Func<ILogger, long, IDisposable?> Try = LoggerMessage.DefineScope<long>("Try:{Try}");

    /// <summary>What is logged within is of this try, whoever logs it.</summary>
    public static IDisposable? OfTry(ILogger logger, long tryNumber) => Try(logger, tryNumber);

    [LoggerMessage(1000, LogLevel.Debug, "Try {Try} starts ({TryNo} of {MaxTries})")]
    public static partial void TryStarts(ILogger logger, long @try, long tryNo, long maxTries);

    [LoggerMessage(1001, LogLevel.Debug, "Try {Try} ended: {State}, exit {Exit}, after {Seconds} s")]
    public static partial void TryEnded(ILogger logger, long @try, string state, long exit, double seconds);

    [LoggerMessage(1002, LogLevel.Warning, "Try {Try} failed: {State}; {TriesLeft} tries left")]
    public static partial void TryFailed(ILogger logger, long @try, string state, long triesLeft);

    [LoggerMessage(1003, LogLevel.Information, "Try {Try} was told to stop: state {State} becomes STOPPED")]
    public static partial void StateChangedByStop(ILogger logger, long @try, string state);

    [LoggerMessage(1004, LogLevel.Error, "Try {Try} did not stop within {StopTimeout} and was given up; what is left of it runs on")]
    public static partial void JobDidNotStop(ILogger logger, long @try, TimeSpan stopTimeout);

    [LoggerMessage(1005, LogLevel.Warning, "The job or one of its services could not be disposed of after the run")]
    public static partial void JobNotDisposed(ILogger logger, Exception error);
}
