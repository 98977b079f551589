using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.ChaosTests.History;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>Sends jobs and stops, resumes what was stopped, and notes all that comes out. On RabbitMQ.Client alone.</summary>
public sealed class Scheduler : IAsyncDisposable
{
    private const string Ends = "chaos-ends";
    private const string Logs = "chaos-logs";
    private const string Answers = "chaos-answers";

    private readonly Uri _broker;
    private readonly Recording _history;
    private readonly Target _target;
    private readonly TriesUnderWay _underWay;
    private readonly string _request;
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<string, ChaosJob> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _runsWithoutEnd = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, HashSet<string>> _endsOf = new(StringComparer.Ordinal);
    private readonly List<Task> _work = [];
    private IConnection? _connection;
    private IChannel? _channel;

    private Scheduler(Uri broker, Recording history, Target target, TriesUnderWay underWay, string request) =>
        (_broker, _history, _target, _underWay, _request) = (broker, history, target, underWay, request);

    /// <summary>Held while something is sent, and by whoever takes the broker away: so it is always known what was sent.</summary>
    public SemaphoreSlim Sending { get; } = new(1, 1);

    /// <summary>Runs sent whose end is not known.</summary>
    public int Outstanding => _runsWithoutEnd.Values.Sum();

    /// <summary>Jobs that have not ended.</summary>
    public IEnumerable<string> Open => _runsWithoutEnd.Where(job => job.Value > 0).Select(job => job.Key);

    /// <summary>Jobs sent.</summary>
    public int Sent => _jobs.Count;

    /// <summary>Starts to listen; workers must have declared the exchanges.</summary>
    public static async Task<Scheduler> StartAsync(Uri broker, Recording history, Target target, TriesUnderWay underWay, string request)
    {
        var scheduler = new Scheduler(broker, history, target, underWay, request);
        await using (var connection = await new ConnectionFactory { Uri = broker }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync())
        {
            foreach (var (queue, exchange) in new[] { (Ends, "job-finished"), (Logs, "job-log-recorded"), (Answers, "") })
            {
                await channel.QueueDeclareAsync(
                    queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
                if (exchange.Length > 0)
                {
                    await channel.QueueBindAsync(queue, exchange, "");
                }
            }
        }

        scheduler._work.Add(scheduler.ListenAsync(Ends, scheduler.Ended));
        scheduler._work.Add(scheduler.ListenAsync(Logs, scheduler.Logged));
        scheduler._work.Add(scheduler.ListenAsync(Answers, scheduler.Answered));
        return scheduler;
    }

    /// <summary>Sends a job, and its stop when that is due.</summary>
    public async Task SendAsync(ChaosJob job)
    {
        ArgumentNullException.ThrowIfNull(job);
        _jobs[job.Id] = job;
        await SendRunAsync(job, run: 1, prevTries: 0, totalTries: 0);
        if (job.StopAfter is { } after)
        {
            _ = StopAsync(job, after);
        }
    }

    private async Task SendRunAsync(ChaosJob job, int run, long prevTries, long totalTries)
    {
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"url":"{{_target.UrlOf(job)}}"}"""));
        _runsWithoutEnd.AddOrUpdate(job.Id, 1, (_, runs) => runs + 1);
        await PublishAsync("run-job", () => $$"""
            {"requestId":"{{_request}}","job":{"id":"{{job.Id}}","type":"http-request","bytes":"{{bytes}}","retry":{{job.Retry}},"retryWait":"{{job.RetryWait}}"},
             "prevTries":{{prevTries}},"totalTries":{{totalTries}},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """, new BasicProperties(), () => new RunSent(DateTimeOffset.UtcNow, job.Id, run, job.Fails <= job.Retry));
    }

    private async Task StopAsync(ChaosJob job, TimeSpan after)
    {
        await Task.Delay(after);
        await PublishAsync(
            "stop-job",
            () => $$"""{"requestId":"{{_request}}","jobId":"{{job.Id}}","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""",
            new BasicProperties { ReplyTo = Answers, CorrelationId = job.Id },
            () => new StopSent(DateTimeOffset.UtcNow, job.Id));
    }

    private async Task PublishAsync(string exchange, Func<string> body, BasicProperties properties, Func<HistoryEvent> sent)
    {
        await Sending.WaitAsync();
        try
        {
            if (_channel is not { IsOpen: true })
            {
                _connection = await new ConnectionFactory { Uri = _broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
                _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true));
            }

            // Before it is sent: what follows from it comes after it.
            _history.Add(sent());
            properties.DeliveryMode = DeliveryModes.Persistent;
            await _channel.BasicPublishAsync(exchange, "", mandatory: true, properties, Encoding.UTF8.GetBytes(body()));
        }
        finally
        {
            Sending.Release();
        }
    }

    private void Ended(string body)
    {
        var end = JsonNode.Parse(body)!;
        var id = (string)end["jobId"]!;
        _history.Add(new JobEnded(DateTimeOffset.UtcNow, id, (int)end["finalState"]!, (long)end["totalTries"]!, body));
        var told = _endsOf.GetOrAdd(id, _ => new HashSet<string>(StringComparer.Ordinal));
        if (!told.Add(body))
        {
            return;
        }

        if (told.Count == 1 && (int)end["finalState"]! == 6 && _jobs[id].Resumes)
        {
            _runsWithoutEnd.AddOrUpdate(id, 0, (_, runs) => runs + 1);
            _ = ResumeAsync(_jobs[id], (long)end["prevTries"]!, (long)end["totalTries"]!);
        }

        _runsWithoutEnd.AddOrUpdate(id, 0, (_, runs) => runs - 1);
    }

    private async Task ResumeAsync(ChaosJob job, long prevTries, long totalTries)
    {
        await SendRunAsync(job, run: 2, prevTries, totalTries);
        _runsWithoutEnd.AddOrUpdate(job.Id, 0, (_, runs) => runs - 1);
    }

    private void Logged(string body)
    {
        var log = JsonNode.Parse(body)!;
        var job = (string)log["jobId"]!;
        _history.Add(new LogPublished(DateTimeOffset.UtcNow, job, (long)log["try"]!, (int)log["state"]!, (long)log["startedAt"]!, body));
        if ((long)log["startedAt"]! > 0)
        {
            _underWay.Logged(job);
        }
    }

    private void Answered(string body)
    {
        var answer = JsonNode.Parse(body)!;
        _history.Add(new StopAnswered(DateTimeOffset.UtcNow, (string)answer["jobId"]!, (string)answer["outcome"]!));
    }

    /// <summary>Takes what is in a queue, again from where it was after the broker was away.</summary>
    private async Task ListenAsync(string queue, Action<string> take)
    {
        while (!_over.IsCancellationRequested)
        {
            try
            {
                await using var connection = await new ConnectionFactory { Uri = _broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(_over.Token);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: _over.Token);
                var closed = new TaskCompletionSource();
                channel.ChannelShutdownAsync += (_, _) =>
                {
                    closed.TrySetResult();
                    return Task.CompletedTask;
                };
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.ReceivedAsync += async (_, delivery) =>
                {
                    take(Encoding.UTF8.GetString(delivery.Body.Span));
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
                };
                await channel.BasicQosAsync(0, 500, global: false, _over.Token);
                await channel.BasicConsumeAsync(queue, autoAck: false, consumer, _over.Token);
                await closed.Task.WaitAsync(_over.Token);
            }
            catch (Exception) when (!_over.IsCancellationRequested)
            {
                await Task.Delay(100);
            }
            catch (OperationCanceledException)
            {
                // The run is over.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_work);
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        Sending.Dispose();
        _over.Dispose();
    }
}
