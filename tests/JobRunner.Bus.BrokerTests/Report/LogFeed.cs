using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>Publishes job logs as workers do, many at a time.</summary>
internal sealed class LogFeed : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private int _next;

    private LogFeed(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>The request of all its logs.</summary>
    public string RequestId { get; } = Stage.NewRequestId();

    /// <summary>How many were published.</summary>
    public int Count => _next;

    /// <summary>The job ids of all logs so far; each has try 1.</summary>
    public IEnumerable<string> JobIds => Enumerable.Range(0, _next).Select(JobIdOf);

    public static async Task<LogFeed> OpenAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new LogFeed(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(4096))));
    }

    /// <summary>Job ids of four characters for the first 14 million.</summary>
    public static string JobIdOf(int number)
    {
        const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        return string.Create(4, number, static (id, rest) =>
        {
            for (var place = 3; place >= 0; place--)
            {
                (rest, var digit) = Math.DivRem(rest, Alphabet.Length);
                id[place] = Alphabet[digit];
            }
        });
    }

    /// <summary>The body of one log.</summary>
    public static string Body(string requestId, string jobId, string more = "") => $$"""
        {"requestId":"{{requestId}}","jobId":"{{jobId}}","try":1,"name":"n","type":"noop","startedAt":1753000000123456789,"finishedAt":1753000001987654321,"state":3,"exit":0,"error":"","stdout":"","stderr":""{{more}}}
        """;

    /// <summary>Publishes so many logs more; returns once the broker has them.</summary>
    public async Task SendAsync(int count, Func<string, string, string>? body = null)
    {
        List<Task> sent = [];
        for (var i = 0; i < count; i++)
        {
            var jobId = JobIdOf(_next++);
            var bytes = Encoding.UTF8.GetBytes((body ?? ((request, job) => Body(request, job)))(RequestId, jobId));
            sent.Add(_channel.BasicPublishAsync(
                "job-log-recorded", "", mandatory: true, new BasicProperties { DeliveryMode = DeliveryModes.Persistent, ContentType = "application/json" }, bytes).AsTask());
            if (sent.Count >= 1000)
            {
                await Task.WhenAll(sent);
                sent.Clear();
            }
        }

        await Task.WhenAll(sent);
    }

    /// <summary>The job id in the body of a request or message.</summary>
    public static string JobIdIn(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("jobId"u8))
            {
                reader.Read();
                return reader.GetString()!;
            }
        }

        return "";
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
