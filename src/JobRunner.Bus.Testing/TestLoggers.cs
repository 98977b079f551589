using JobRunner.Bus.Runners;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Testing;

/// <summary>What the job logs goes to its try's log, from Information up, and nowhere else.</summary>
internal sealed class TestLoggers : ILoggerFactory
{
    private readonly TryLogProvider _tries = new();

    public ILogger CreateLogger(string categoryName) => new FromInformation(_tries.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose() => _tries.Dispose();

    private sealed class FromInformation(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
