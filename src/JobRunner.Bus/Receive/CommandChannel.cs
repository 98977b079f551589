using RabbitMQ.Client;

namespace JobRunner.Bus.Receive;

/// <summary>
/// A channel that commands are consumed on, with a connection of its own. Acknowledges as many deliveries at once as it can: each
/// acknowledgement costs the broker an entry in the log of its queue.
/// </summary>
internal sealed class CommandChannel : AsyncDefaultBasicConsumer, IAsyncDisposable
{
    private static readonly TimeSpan ClosingTime = TimeSpan.FromSeconds(5);

    private readonly IConnection _connection;
    private readonly Action<CommandChannel, ReceivedCommand> _handle;
    private readonly CancellationTokenSource _lost = new();
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _wake = new(0);
    private readonly Acknowledgements _acknowledgements = new();
    private readonly Task _acknowledging;
    private string _consumerTag = "";
    private volatile bool _closing;

    private CommandChannel(IConnection connection, IChannel channel, Action<CommandChannel, ReceivedCommand> handle)
        : base(channel)
    {
        (_connection, _handle) = (connection, handle);
        Lost = _lost.Token;
        channel.ChannelShutdownAsync += (_, reason) => EndAsync(reason.ReplyText);
        _acknowledging = Task.Run(AcknowledgeAsync);
    }

    /// <summary>Fires when the deliveries of this channel are lost.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Completes, with the reason, when the channel has ended.</summary>
    public Task<string> Ended => _ended.Task;

    /// <summary>Starts to consume, on a connection that is this channel's from then on.</summary>
    public static async Task<CommandChannel> OpenAsync(
        IConnection connection, string queue, ushort prefetch, Action<CommandChannel, ReceivedCommand> handle, CancellationToken cancellationToken)
    {
        CommandChannel? opened = null;
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.BasicQosAsync(0, prefetch, global: false, cancellationToken);
            opened = new CommandChannel(connection, channel, handle);
            opened._consumerTag = await channel.BasicConsumeAsync(
                queue, autoAck: false, consumerTag: connection.ClientProvidedName ?? "", opened, cancellationToken);
            return opened;
        }
        catch
        {
            await (opened?.DisposeAsync() ?? connection.DisposeAsync());
            throw;
        }
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default)
    {
        _acknowledgements.Arrived(deliveryTag);
        _handle(this, new ReceivedCommand(deliveryTag, redelivered, properties, body.ToArray()));
        return Task.CompletedTask;
    }

    /// <summary>The broker ends the consumer when its queue is deleted or moves.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default) => EndAsync("the broker ended the consumer");

    /// <summary>Acknowledges a delivery, soon.</summary>
    public void Acknowledge(ulong tag)
    {
        if (_acknowledgements.Done(tag))
        {
            _wake.Release();
        }
    }

    /// <summary>Puts a delivery back into its queue.</summary>
    public async Task GiveBackAsync(ulong tag)
    {
        if (Lost.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await Channel.BasicNackAsync(tag, multiple: false, requeue: true, Lost);
            _acknowledgements.Forget(tag);
        }
        catch (Exception error)
        {
            // Lost just now; and if not, closing the channel gives all back.
            await EndAsync(error.Message);
        }
    }

    /// <summary>Takes no more deliveries.</summary>
    public Task StopIntakeAsync(CancellationToken cancellationToken) =>
        _ended.Task.IsCompleted ? Task.CompletedTask : Channel.BasicCancelAsync(_consumerTag, noWait: false, cancellationToken);

    private async Task AcknowledgeAsync()
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(Lost);
                // Whatever else is done by now goes along.
                await Task.Yield();
                var again = _acknowledgements.Take(out var upTo, out var single);
                if (upTo > 0)
                {
                    await Channel.BasicAckAsync(upTo, multiple: true, Lost);
                }

                foreach (var tag in _closing ? [.. single, .. _acknowledgements.Rest()] : single)
                {
                    await Channel.BasicAckAsync(tag, multiple: false, Lost);
                }

                if (_closing)
                {
                    return;
                }

                if (again)
                {
                    _wake.Release();
                }
            }
        }
        catch (Exception error)
        {
            await EndAsync(error.Message);
        }
    }

    private async Task EndAsync(string reason)
    {
        _ended.TrySetResult(reason);
        await _lost.CancelAsync();
    }

    /// <summary>Closes the channel; what was acknowledged arrives, what was not goes back to its queue.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // Not before all is acknowledged that is done: else it would be delivered again.
            _closing = true;
            _wake.Release();
            await _acknowledging.WaitAsync(ClosingTime);
            await _connection.CloseAsync(ClosingTime);
        }
        catch (Exception)
        {
            // It is lost, and with it what there was to tell.
        }

        await EndAsync("closed");
        await _acknowledging;
        await _connection.DisposeAsync();
    }
}
