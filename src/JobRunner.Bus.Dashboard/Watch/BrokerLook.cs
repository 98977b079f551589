using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>What a look at the broker found.</summary>
/// <param name="State">The broker; absent where it could not be looked at.</param>
/// <param name="Trouble">Why not, as a sentence.</param>
internal sealed record BrokerFound(BrokerState? State, string? Trouble);

/// <summary>Looks at the broker itself. It makes and changes nothing.</summary>
internal sealed partial class BrokerLook(BrokerAddress address, TimeProvider time, ILogger<BrokerLook> log) : SharedLook<BrokerFound>(time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private string? _told;

    protected override async Task<BrokerFound> LookAsync()
    {
        using var patience = new CancellationTokenSource(Patience, Time);
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
