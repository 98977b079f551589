using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Client;

/// <summary>Commands and questions to workers of role Chain, over one session. Their exchanges are there only once such a worker was.</summary>
internal sealed class ChainsTalk(Session session, TimeProvider time)
{
    private const ushort NotFound = 404;

    private static readonly TimeSpan QuietPeriod = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestAsk = TimeSpan.FromSeconds(6);

    /// <summary>Asks every worker of role Chain, until the answers cease.</summary>
    /// <returns><see langword="null"/> if none listens now.</returns>
    public async Task<IReadOnlyList<ChainsReport>?> AskAsync(GetChains request, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(Exchanges.GetChains, cancellationToken))
        {
            return null;
        }

        Question<ChainsReport> question;
        try
        {
            question = await Question<ChainsReport>.AskAsync(
                session, Exchanges.GetChains, "", request, delivery => Wire.Deserialize<ChainsReport>(delivery.Body.Span), time.GetUtcNow(), time, cancellationToken);
        }
        catch (MessageReturnedException)
        {
            return null;
        }

        await using (question)
        {
            List<ChainsReport> heard = [];
            while (await question.NextAsync(heard.Count == 0 ? LongestAsk : QuietPeriod, cancellationToken) is { } report)
            {
                heard.Add(report);
            }

            return heard;
        }
    }

    /// <summary>Sends a command; returns once the broker has it safely.</summary>
    /// <returns>Whether there is an exchange for it.</returns>
    /// <exception cref="MessageReturnedException">No queue took it.</exception>
    public async Task<bool> SendAsync<T>(string exchange, T command, CancellationToken cancellationToken)
    {
        if (!await IsThereAsync(exchange, cancellationToken))
        {
            return false;
        }

        // A broker that does not let this user write there closes the channel.
        await using var channel = await session.NewChannelAsync(cancellationToken);
        await session.SendAsync(
            channel,
            new Publication(exchange, "", Messages.Properties(time.GetUtcNow()), Wire.Serialize(command), mandatory: true, cancellationToken) { Keeper = exchange },
            cancellationToken);
        return true;
    }

    /// <summary>On a channel of its own: one that asks in vain is closed.</summary>
    private async Task<bool> IsThereAsync(string exchange, CancellationToken cancellationToken)
    {
        await using var channel = await session.NewChannelAsync(cancellationToken);
        try
        {
            await channel.Channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
            return true;
        }
        catch (OperationInterruptedException error) when (error.ShutdownReason is { ReplyCode: NotFound })
        {
            return false;
        }
    }
}
