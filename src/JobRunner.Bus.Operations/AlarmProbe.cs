using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client;

namespace JobRunner.Bus.Operations;

/// <summary>
/// Finds out whether a broker has an alarm. RabbitMQ then goes on to answer, but reads nothing more from a connection that published:
/// whoever sends a command would wait without a word.
/// </summary>
internal static class AlarmProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What is short, such as "low on memory"; <see langword="null"/> when the broker takes messages.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<string?> FindAsync(BrokerAddress address, CancellationToken cancellation)
    {
        try
        {
            var connection = await address.ConnectAsync("jobrunner (alarm?)", null, cancellation);
            var blocked = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
            connection.ConnectionBlockedAsync += (_, told) =>
            {
                blocked.TrySetResult(told.Reason);
                return Task.CompletedTask;
            };
            var reason = await await Task.WhenAny(blocked.Task, ReadsAsync(connection, cancellation)).WaitAsync(Patience, cancellation);

            // Not waited for: a blocked broker does not read the goodbye, either.
            _ = connection.AbortAsync(TimeSpan.FromMilliseconds(500));
            return reason;
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && (BrokerFaults.IsBrokers(error) || error is OperationCanceledException))
        {
            throw new SchedulerBusException(BrokerFaults.Describe(error, address), error);
        }
    }

    /// <summary>Publishes to nobody, then asks something: the answer comes only from a broker that read the message before.</summary>
    private static async Task<string?> ReadsAsync(IConnection connection, CancellationToken cancellation)
    {
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellation);
            await channel.BasicPublishAsync("", $"jobrunner.nobody.{Guid.NewGuid():N}", mandatory: false, ReadOnlyMemory<byte>.Empty, cancellation);
            await channel.BasicQosAsync(0, 1, global: false, cancellation);
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            // A user who may not publish there: the refusal is an answer as well.
        }

        return null;
    }
}
