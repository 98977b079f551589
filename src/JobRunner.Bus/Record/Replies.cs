using JobRunner.Bus.Contracts;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JobRunner.Bus.Record;

/// <summary>Answers plain AMQP requests.</summary>
internal interface IReplies
{
    /// <summary>Sends one answer; an asker that is gone gets none.</summary>
    Task SendAsync<T>(ReplyAddress to, T answer);
}

/// <summary>Sends answers through the default exchange, straight to the asker's queue.</summary>
internal sealed class BrokerReplies(BrokerLink link, ILogger<BrokerReplies> logger) : IReplies
{
    public async Task SendAsync<T>(ReplyAddress to, T answer)
    {
        if (Names.IsWorkersOwn(to.Queue))
        {
            // Whoever asks may not be allowed to write there; the worker is.
            BrokerLog.AnswerRefused(logger, typeof(T).Name, to.Queue);
            return;
        }

        var properties = new BasicProperties { ContentType = Wire.ContentType, Type = typeof(T).Name };
        if (to.CorrelationId is not null)
        {
            properties.CorrelationId = to.CorrelationId;
        }

        try
        {
            await link.PublishAsync("", to.Queue, properties, Wire.Serialize(answer), mandatory: false, CancellationToken.None);
        }
        catch (Exception error)
        {
            BrokerLog.AnswerNotSent(logger, typeof(T).Name, error.Message);
        }
    }
}

/// <summary>For a bus that nobody outside can ask.</summary>
internal sealed class NoReplies : IReplies
{
    public Task SendAsync<T>(ReplyAddress to, T answer) => Task.CompletedTask;
}
