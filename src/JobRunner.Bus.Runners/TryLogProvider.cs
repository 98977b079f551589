using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>
/// Puts what a try logs into its own log. Levels are set as for any other logging provider, under the name <c>JobLog</c>:
/// <c>Logging__JobLog__LogLevel__Default=Debug</c>. What .NET's libraries say below Warning (addresses of requests, queries) is left out:
/// job logs are kept for ever.
/// </summary>
[ProviderAlias("JobLog")]
public sealed class TryLogProvider : ILoggerProvider
{
    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        ArgumentNullException.ThrowIfNull(categoryName);
        var isOfNet = categoryName.StartsWith("Microsoft.", StringComparison.Ordinal) || categoryName.StartsWith("System.", StringComparison.Ordinal);
        return new TryLogger(isOfNet ? LogLevel.Warning : LogLevel.Trace);
    }

    /// <summary>Nothing to let go of.</summary>
    public void Dispose()
    {
    }

    private sealed class TryLogger(LogLevel least) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= least && logLevel != LogLevel.None && JobTry.Current is not null;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                JobTry.Current?.Log(logLevel, formatter(state, exception), exception);
            }
        }
    }
}
