using System.Text;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>A virtual host with the queues of a worker and one scheduler's queue: sends commands, and counts what came of them.</summary>
internal sealed class Load : IAsyncDisposable
{
    /// <summary>The scheduler's queue.</summary>
    public const string Ends = "bench-finished";

    /// <summary>What a request's chain has handed on so far, of a usual size.</summary>
    private const string JobData =
        """{"cluster":"payments-eu-3","nodes":["db01","db02","db03"],"version":"8.0.36","window":{"from":"02:00","to":"04:00"},"ticket":"CHG-104233"}""";

    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private Load(IConnection connection, IChannel channel)
    {
        _connection = connection;
        _channel = channel;
    }

    public IChannel Channel => _channel;

    /// <summary>Another channel, for what may be refused, or is published without a look at the broker's confirms.</summary>
    public Task<IChannel> NewChannelAsync(bool confirms = false) => _connection.CreateChannelAsync(new CreateChannelOptions(confirms, false));

    /// <summary>Connects and adds the scheduler's queue; the rest has been declared by a worker.</summary>
    public static async Task<Load> OpenAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(2048)));
        await channel.QueueDeclareAsync(Ends, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await channel.QueueBindAsync(Ends, "job-finished", "");
        return new Load(connection, channel);
    }

    /// <summary>A command of a usual form and size.</summary>
    public static byte[] Command(string requestId, string jobId, string jobData = JobData, string type = "noop") => Encoding.UTF8.GetBytes(
        $$"""
        {"requestId":"{{requestId}}","job":{"id":"{{jobId}}","name":"check-replication","type":"{{type}}","state":1,"args":{"cluster":"payments-eu-3"},"retry":2,"retryWait":"5s","sequenceId":"aaaa","sequenceRetry":0},"jobData":{{jobData}},"prevTries":0,"totalTries":0,"sentAt":"2026-11-24T10:00:00Z"}
        """);

    /// <summary>Sends one command; returns once the broker has it.</summary>
    public async Task SendAsync(byte[] command) =>
        await _channel.BasicPublishAsync(
            "run-job", "", mandatory: true, new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent }, command);

    /// <summary>Sends many commands; returns once the broker has them all.</summary>
    public Task SendAsync(string requestId, int count, string jobData = JobData, string type = "noop") =>
        SendAsync(count, number => Command(requestId, JobId(number), jobData, type));

    /// <inheritdoc cref="SendAsync(string, int, string, string)"/>
    public async Task SendAsync(int count, Func<int, byte[]> command)
    {
        var sent = new List<Task>(1000);
        for (var number = 0; number < count; number++)
        {
            sent.Add(SendAsync(command(number)));
            if (sent.Count == sent.Capacity)
            {
                await Task.WhenAll(sent);
                sent.Clear();
            }
        }

        await Task.WhenAll(sent);
    }

    public static string JobId(int number) => $"{number:x5}";

    /// <summary>How many ends there are.</summary>
    public async Task<int> CountEndsAsync() => (int)(await _channel.QueueDeclarePassiveAsync(Ends)).MessageCount;

    /// <summary>How many commands nobody has taken yet.</summary>
    public async Task<int> CountCommandsAsync() => (int)(await _channel.QueueDeclarePassiveAsync("run-job")).MessageCount;

    /// <summary>Takes all logs and ends out of their queues.</summary>
    /// <exception cref="InvalidOperationException">A job has not exactly one log and one end.</exception>
    /// <returns>The mean sizes of logs and ends, bytes.</returns>
    public async Task<(double Log, double End)> TakeAllAsync(string requestId, int count)
    {
        var logs = await TakeAsync("job-log-recorded", requestId, count);
        var ends = await TakeAsync(Ends, requestId, count);
        var left = await CountCommandsAsync();
        return left == 0 ? (logs, ends) : throw new InvalidOperationException($"{left} commands are left in run-job");
    }

    private async Task<double> TakeAsync(string queue, string requestId, int count)
    {
        var seen = new HashSet<string>(count, StringComparer.Ordinal);
        var (bytes, messages) = (0L, 0);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tag = await Consumers.ConsumeAsync(_channel, queue, autoAck: true, (_, body) =>
        {
            var (request, job) = Ids.Of(body.Span);
            if (request != requestId || !seen.Add(job))
            {
                all.TrySetException(new InvalidOperationException($"in {queue}, job {job} of request {request} comes twice, or is not of this run"));
            }

            bytes += body.Length;
            if (++messages == count)
            {
                all.TrySetResult();
            }
        });
        try
        {
            await all.Task.WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"{queue} has {messages} of {count}: {count - messages} are lost");
        }

        // One too many would come now.
        await _channel.BasicCancelAsync(tag);
        return messages == count && await _channel.MessageCountAsync(queue) == 0
            ? (double)bytes / messages
            : throw new InvalidOperationException($"{queue} has more than the {count} of this run");
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
