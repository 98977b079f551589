using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>What a look at the broker found.</summary>
/// <param name="State">The broker; absent where it could not be looked at.</param>
/// <param name="Trouble">Why not, as a sentence.</param>
internal sealed record BrokerFound(BrokerState? State, string? Trouble);

/// <summary>Looks at the broker itself for all pages together, every few seconds at most, and only while a page shows it. It makes and changes nothing.</summary>
internal sealed partial class BrokerLook(BrokerAddress address, TimeProvider time, ILogger<BrokerLook> log) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private BrokerFound? _found;
    private long _foundAt;
    private string? _told;

    /// <summary>How it is; what was found just now, if somebody has looked.</summary>
    public async Task<BrokerFound> ReadAsync(CancellationToken left)
    {
        await _one.WaitAsync(left);
        try
        {
            if (_found is null || time.GetElapsedTime(_foundAt) >= Fresh)
            {
                _found = await LookAsync();
                _foundAt = time.GetTimestamp();
            }

            return _found;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<BrokerFound> LookAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            return new BrokerFound(await BrokerState.LookAsync(address, patience.Token), null);
        }
        catch (Exception error)
        {
            if (Interlocked.Exchange(ref _told, error.Message) != error.Message)
            {
                LogTrouble(log, error.GetType().Name, error.Message);
            }

            var trouble = error switch
            {
                CommandException => error.Message,
                OperationCanceledException => "it did not answer in time",
                // Its text was not written for people.
                _ => error.GetType().Name,
            };
            return new BrokerFound(null, $"The broker cannot be looked at: {trouble}");
        }
    }

    [LoggerMessage(1454, LogLevel.Warning, "The dashboard cannot look at the broker's queues: {Error}: {Message}")]
    private static partial void LogTrouble(ILogger log, string error, string message);
}
