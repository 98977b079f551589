using System.Threading.Channels;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>
/// A question to every worker, or one of them, and the answers as they come: by direct reply-to, which needs no queue and no permission.
/// </summary>
internal sealed class Question<TAnswer> : IAsyncDisposable
    where TAnswer : class
{
    private const string DirectReplyTo = "amq.rabbitmq.reply-to";

    private readonly Channel<TAnswer> _answers = Channel.CreateUnbounded<TAnswer>();
    private readonly ConfirmedChannel _channel;
    private readonly TimeProvider _time;

    private Question(ConfirmedChannel channel, TimeProvider time)
    {
        _channel = channel;
        _time = time;
        _ = EndWithAsync(channel);
    }

    private async Task EndWithAsync(ConfirmedChannel channel) => _answers.Writer.TryComplete(new IOException((await channel.Over).Message));

    /// <summary>Asks.</summary>
    /// <exception cref="MessageReturnedException">No queue took the question.</exception>
    public static async Task<Question<TAnswer>> AskAsync<TQuestion>(
        Session session,
        string exchange,
        string routingKey,
        TQuestion question,
        Func<BasicDeliverEventArgs, TAnswer> read,
        DateTimeOffset sentAt,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var channel = await session.NewChannelAsync(cancellationToken);
        try
        {
            var asked = new Question<TAnswer>(channel, time);
            var correlationId = Guid.NewGuid().ToString();
            var consumer = new AsyncEventingBasicConsumer(channel.Channel);
            consumer.ReceivedAsync += (_, delivery) => asked.TakeAsync(delivery, correlationId, read);
            await channel.Channel.BasicConsumeAsync(DirectReplyTo, autoAck: true, consumer, cancellationToken);
            var properties = Messages.Properties(sentAt);
            properties.ReplyTo = DirectReplyTo;
            properties.CorrelationId = correlationId;
            await session.SendAsync(
                channel, new Publication(exchange, routingKey, properties, Wire.Serialize(question), mandatory: true, cancellationToken), cancellationToken);
            return asked;
        }
        catch
        {
            await channel.DisposeAsync();
            throw;
        }
    }

    /// <summary>The next answer; <see langword="null"/> if none comes in time.</summary>
    public async Task<TAnswer?> NextAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        if (_answers.Reader.TryRead(out var ready) || wait <= TimeSpan.Zero)
        {
            return ready;
        }

        using var timeout = new CancellationTokenSource(wait, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            return await _answers.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (ChannelClosedException error)
        {
            throw error.InnerException ?? new IOException("the connection was lost");
        }
    }

    public ValueTask DisposeAsync() => _channel.DisposeAsync();

    private Task TakeAsync(BasicDeliverEventArgs delivery, string correlationId, Func<BasicDeliverEventArgs, TAnswer> read)
    {
        if (delivery.BasicProperties.CorrelationId is not { Length: > 0 } other || other == correlationId)
        {
            try
            {
                _answers.Writer.TryWrite(read(delivery));
            }
            catch (WireFormatException)
            {
                // No answer of this contract.
            }
        }

        return Task.CompletedTask;
    }
}
