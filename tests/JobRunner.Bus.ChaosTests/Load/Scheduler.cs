using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.ChaosTests.Load;

/// <summary>Sends jobs and stops, resumes what was stopped, and notes all that comes out. On RabbitMQ.Client alone.</summary>
public sealed class Scheduler : IAsyncDisposable
{
    private static readonly TimeSpan BeforeConnectingAgain = TimeSpan.FromMilliseconds(100);

    private const string Ends = "chaos-ends";
    private const string Logs = "chaos-logs";
    private const string Answers = "chaos-answers";

    private readonly Uri _broker;
    private readonly Recording _history;
    private readonly Target _target;
    private readonly string _request;
    private readonly CancellationTokenSource _over = new();
    private readonly ConcurrentDictionary<string, ChaosJob> _jobs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _runsWithoutEnd = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Job, int Run), bool> _ended = new();
    private readonly ConcurrentDictionary<(string Job, int Run), TimeSpan> _stopOnceBegun = new();
    private readonly List<Task> _work = [];
    private int _sent;
    private IConnection? _connection;
    private IChannel? _channel;

    private Scheduler(Uri broker, Recording history, Target target, string request) =>
        (_broker, _history, _target, _request) = (broker, history, target, request);

    /// <summary>Held while something is sent, and by whoever takes the broker away: so it is always known what was sent.</summary>
    public SemaphoreSlim Sending { get; } = new(1, 1);

    /// <summary>How many jobs are not over.</summary>
    public int Outstanding => _runsWithoutEnd.Values.Sum();

    /// <summary>Jobs that are not over: a run has no end yet, or a resume follows.</summary>
    public IEnumerable<string> Open => _runsWithoutEnd.Where(job => job.Value > 0).Select(job => job.Key);

    /// <summary>Runs that were sent and have no end; a resume counts once it is sent.</summary>
    public int RunsUnderWay => _sent - _ended.Count;

    /// <summary>Jobs sent.</summary>
    public int Sent => _jobs.Count;

    /// <summary>Starts to listen; workers must have declared the exchanges.</summary>
    public static async Task<Scheduler> StartAsync(Uri broker, Recording history, Target target, string request)
    {
        var scheduler = new Scheduler(broker, history, target, request);
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

        target.Begun = scheduler.Begun;
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
        _runsWithoutEnd.AddOrUpdate(job.Id, 1, (_, runs) => runs + 1);
        await SendRunAsync(job, run: 1, prevTries: 0, totalTries: 0, new JsonObject());
    }

    private async Task SendRunAsync(ChaosJob job, int run, long prevTries, long totalTries, JsonObject data)
    {
        TimeSpan? stopAfter = job.StopsAfter.Count >= run ? job.StopsAfter[run - 1] : null;
        if (stopAfter < TimeSpan.Zero)
        {
            await StopAsync(job, TimeSpan.Zero);
        }

        else if (stopAfter is { } after && job.StopsOnceBegun)
        {
            _stopOnceBegun[(job.Id, run)] = after;
        }

        data["run"] = run;
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"url":"{{_target.Url}}","fails":{{job.Fails}},"takes":{{(int)job.TryTakes.TotalMilliseconds}}}"""));
        await PublishAsync(
            "run-job",
            new BasicProperties(),
            sentAt => ($$"""
            {"requestId":"{{_request}}","job":{"id":"{{job.Id}}","type":"chaos","bytes":"{{bytes}}","retry":{{job.Retry}},"retryWait":"{{job.RetryWait}}"},
             "prevTries":{{prevTries}},"totalTries":{{totalTries}},"jobData":{{data.ToJsonString()}},"sentAt":"{{sentAt:O}}"}
            """, new RunSent(sentAt, job.Id, run, job.Retry, job.Fails, prevTries, totalTries)));
        if (stopAfter >= TimeSpan.Zero && !job.StopsOnceBegun)
        {
            _ = StopAsync(job, stopAfter.Value);
        }
    }

    private void Begun(string id, int run)
    {
        if (_stopOnceBegun.TryRemove((id, run), out var after))
        {
            _ = StopAsync(_jobs[id], after);
        }
    }

    private async Task StopAsync(ChaosJob job, TimeSpan after)
    {
        await Task.Delay(after);
        var properties = new BasicProperties { ReplyTo = Answers };
        await PublishAsync("stop-job", properties, sentAt =>
        {
            properties.CorrelationId = sentAt.Ticks.ToString(CultureInfo.InvariantCulture);
            return ($$"""{"requestId":"{{_request}}","jobId":"{{job.Id}}","sentAt":"{{sentAt:O}}"}""", new StopSent(sentAt, job.Id));
        });
    }

    /// <param name="exchange">Where to.</param>
    /// <param name="properties">Its properties.</param>
    /// <param name="message">The message as of now, made once it may leave: a fault may have held it back.</param>
    private async Task PublishAsync(string exchange, BasicProperties properties, Func<DateTimeOffset, (string Body, HistoryEvent Sent)> message)
    {
        await Sending.WaitAsync();
        try
        {
            while (_channel is not { IsOpen: true })
            {
                await TryConnectAsync();
            }

            var (body, sent) = message(DateTimeOffset.UtcNow);
            // Before it is sent: what follows from it comes after it.
            _history.Add(sent);
            _sent += sent is RunSent ? 1 : 0;
            properties.DeliveryMode = DeliveryModes.Persistent;
            await UntilRoutedAsync(() => _channel.BasicPublishAsync(exchange, "", mandatory: true, properties, Encoding.UTF8.GetBytes(body)));
        }
        finally
        {
            Sending.Release();
        }
    }

    /// <summary>A message whose queue was deleted comes back; it is sent again until the queue is there.</summary>
    private static async Task UntilRoutedAsync(Func<ValueTask> publish)
    {
        while (true)
        {
            try
            {
                await publish();
                return;
            }
            catch (PublishException returned) when (returned.IsReturn)
            {
                await Task.Delay(BeforeConnectingAgain, TimeProvider.System);
            }
        }
    }

    /// <summary>A broker that has just started may not be up to it yet.</summary>
    private async Task TryConnectAsync()
    {
        try
        {
            _connection = await new ConnectionFactory { Uri = _broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(_over.Token);
            _channel = await _connection.CreateChannelAsync(new CreateChannelOptions(true, true), _over.Token);
        }
        catch (Exception) when (!_over.IsCancellationRequested)
        {
            await Task.Delay(BeforeConnectingAgain, TimeProvider.System);
        }
    }

    private void Ended(PlainMessage message)
    {
        var end = JsonNode.Parse(message.Body)!;
        var id = (string)end["jobId"]!;
        var data = end["jobData"]!.AsObject();
        var run = (int?)data["run"] ?? 0;
        var state = (int)end["finalState"]!;
        var (prevTries, totalTries) = ((long)end["prevTries"]!, (long)end["totalTries"]!);
        _history.Add(new JobEnded(DateTimeOffset.UtcNow, id, run, state, prevTries, totalTries, (int?)data["done"] ?? 0, message.Body));
        if (!_ended.TryAdd((id, run), true) || !_jobs.TryGetValue(id, out var job))
        {
            return;
        }

        if (state == 6 && run <= job.Resumes)
        {
            _ = SendRunAsync(job, run + 1, prevTries, totalTries, data.DeepClone().AsObject());
        }
        else
        {
            _runsWithoutEnd.AddOrUpdate(id, 0, (_, runs) => runs - 1);
        }
    }

    private void Logged(PlainMessage message)
    {
        var log = JsonNode.Parse(message.Body)!;
        _history.Add(new LogPublished(DateTimeOffset.UtcNow, (string)log["jobId"]!, (long)log["try"]!, (int)log["state"]!, LogContent.Of(log)));
    }

    private void Answered(PlainMessage message)
    {
        var answer = JsonNode.Parse(message.Body)!;
        var sentAt = new DateTimeOffset(long.Parse(message.Properties.CorrelationId!, CultureInfo.InvariantCulture), TimeSpan.Zero);
        _history.Add(new StopAnswered(DateTimeOffset.UtcNow, (string)answer["jobId"]!, sentAt, (string)answer["outcome"]!, (int)answer["finalState"]!));
    }

    /// <summary>Takes what is in a queue, again from where it was after the broker was away.</summary>
    private async Task ListenAsync(string queue, Action<PlainMessage> take)
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
                    take(new PlainMessage(Encoding.UTF8.GetString(delivery.Body.Span), new BasicProperties(delivery.BasicProperties)));
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
                };
                await channel.BasicQosAsync(0, 500, global: false, _over.Token);
                await channel.BasicConsumeAsync(queue, autoAck: false, consumer, _over.Token);
                await closed.Task.WaitAsync(_over.Token);
            }
            catch (Exception) when (!_over.IsCancellationRequested)
            {
                await Task.Delay(BeforeConnectingAgain, TimeProvider.System);
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
