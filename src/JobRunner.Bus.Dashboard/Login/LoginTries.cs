using System.Net;
using System.Threading.RateLimiting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>Log-ins by the token, one after another: a wrong one takes a second, whoever gives it, so that guessing leads nowhere.</summary>
internal sealed partial class LoginTries(DashboardToken token, TimeProvider time, ILogger<LoginTries> log) : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrencyLimiter _turns = new(new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = 20 });

    /// <summary>Whether this is the token; <see langword="null"/> if too many others try just now.</summary>
    public async Task<bool?> TryAsync(string given, IPAddress? from, CancellationToken cancellation)
    {
        using var turn = await _turns.AcquireAsync(1, cancellation);
        if (!turn.IsAcquired)
        {
            return null;
        }

        if (token.Is(given))
        {
            LogRight(log, from);
            return true;
        }

        // Not broken off: who hangs up would have the next try at once.
        LogWrong(log, from);
        await Task.Delay(Pause, time, CancellationToken.None);
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _turns.Dispose();

    [LoggerMessage(1470, LogLevel.Information, "Somebody at {From} has logged in to the dashboard")]
    private static partial void LogRight(ILogger log, IPAddress? from);

    [LoggerMessage(1471, LogLevel.Warning, "Somebody at {From} gave a wrong token to the dashboard")]
    private static partial void LogWrong(ILogger log, IPAddress? from);
}
