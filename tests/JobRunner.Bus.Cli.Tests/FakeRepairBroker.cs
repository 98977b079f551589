using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Error queues and a journal in memory. Notes in which order things were sent and removed.</summary>
internal sealed class FakeRepairBroker : IRepairBroker
{
    private readonly Dictionary<string, List<ErrorMessage>> _queues = new() { [Names.RunJob] = [], [Names.JobLogRecorded] = [] };
    private ulong _tag;

    public List<StreamMessage> Journal { get; } = [];

    public List<DateTimeOffset?> JournalReadSince { get; } = [];

    /// <summary>What lies in queues that are moved; those that are not here are not there.</summary>
    public Dictionary<string, List<TakenMessage>> Queues { get; } = [];

    /// <summary>What happens as a queue begins to be taken.</summary>
    public Action<string> OnTake { get; set; } = _ => { };

    /// <summary>Stops, as the stream has them.</summary>
    public List<StreamMessage> Stops { get; } = [];

    /// <summary>A queue or stream that somebody reads.</summary>
    public string? Read { get; set; }

    public List<RunnerStatus> Statuses { get; } = [];

    public List<OutgoingMessage> Sent { get; } = [];

    /// <summary>"sent" and "removed" in their order.</summary>
    public List<string> Steps { get; } = [];

    public bool OthersRead { get; set; }

    /// <summary>How many removals are forgotten when the queue is closed.</summary>
    public int RemovalsToForget { get; set; }

    /// <summary>Sends to fail from this one on.</summary>
    public int BreakAtSend { get; set; } = int.MaxValue;

    public IReadOnlyList<ErrorMessage> Left(string queue) => _queues[queue];

    public ErrorMessage Add(string queue, string body, string reason = "broke", DateTimeOffset? failedAt = null, params (string Name, object? Value)[] headers)
    {
        var all = new Dictionary<string, object?>
        {
            ["MT-Fault-Message"] = Encoding.UTF8.GetBytes(reason),
            ["MT-Fault-Timestamp"] = Encoding.UTF8.GetBytes((failedAt ?? Chains.Noon).ToString("O")),
        };
        foreach (var (name, value) in headers)
        {
            all[name] = value;
        }

        return Add(queue, Encoding.UTF8.GetBytes(body), new BasicProperties { Headers = all, ContentType = "application/json", MessageId = $"m{_tag}", Expiration = "60000" });
    }

    public ErrorMessage Add(string queue, byte[] body, BasicProperties properties)
    {
        var message = ErrorMessage.Of(queue, ++_tag, properties, body);
        _queues[queue].Add(message);
        return message;
    }

    public void AddToJournal<T>(string exchange, T message, params (string Name, string Value)[] headers)
        where T : class => Journal.Add(new StreamMessage(
            exchange,
            new BasicProperties { Headers = headers.ToDictionary(header => header.Name, header => (object?)Encoding.UTF8.GetBytes(header.Value)) },
            Wire.Serialize(message)));

    public Task<IErrorQueue> OpenErrorQueueAsync(string queue, CancellationToken cancellation) =>
        Task.FromResult<IErrorQueue>(new FakeErrorQueue(this, _queues[queue]));

    public Task SendAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        if (Sent.Count + 1 >= BreakAtSend)
        {
            throw new SchedulerBusException("the connection to the broker was lost");
        }

        Sent.Add(message);
        Steps.Add("sent");
        return Task.CompletedTask;
    }

    public async Task ReadStreamAsync(string stream, DateTimeOffset? since, Func<StreamMessage, ValueTask> onMessage, CancellationToken cancellation)
    {
        JournalReadSince.Add(since);
        foreach (var message in stream == Names.StopJob ? Stops : Journal)
        {
            await onMessage(message);
        }
    }

    public string Where => "localhost:5672";

    /// <summary>The same broker by another name.</summary>
    public IRepairBroker? Alias { get; set; }

    public Task<bool> IsAsync(IRepairBroker other, CancellationToken cancellation) => Task.FromResult(other == Alias);

    public Task<IReadOnlyDictionary<string, QueueState?>> StatesAsync(IReadOnlyList<string> queues, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, QueueState?>>(queues.ToDictionary(queue => queue, queue => queue switch
        {
            Names.StopJob => new QueueState(Stops.Count, queue == Read ? 1 : 0),
            Names.JobJournal => new QueueState(Journal.Count, queue == Read ? 1 : 0),
            _ => Queues.TryGetValue(queue, out var messages) ? new QueueState(messages.Count, queue == Read ? 2 : 0) : null,
        }));

    public async Task TakeAllAsync(string queue, Func<TakenMessage, Task> sendOn, CancellationToken cancellation)
    {
        OnTake(queue);
        while (Queues[queue] is [var first, ..])
        {
            await sendOn(first);
            Queues[queue].RemoveAt(0);
        }
    }

    public Task<IReadOnlyList<RunnerStatus>> AskStatusAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<RunnerStatus>>(Statuses);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class FakeErrorQueue(FakeRepairBroker broker, List<ErrorMessage> messages) : IErrorQueue
    {
        private readonly List<ErrorMessage> _forgotten = [];
        private readonly Queue<ErrorMessage> _unseen = new(messages);

        public long Total { get; } = messages.Count;

        public bool IsReadByOthers => broker.OthersRead;

        public ValueTask<ErrorMessage?> NextAsync(CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            return ValueTask.FromResult(_unseen.TryDequeue(out var message) ? message : null);
        }

        public Task RemoveAsync(ErrorMessage message)
        {
            if (broker.RemovalsToForget-- > 0)
            {
                _forgotten.Add(message);
            }

            Assert.Equal(1, messages.RemoveAll(held => held.DeliveryTag == message.DeliveryTag));
            broker.Steps.Add("removed");
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            messages.AddRange(_forgotten);
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>A store that holds what it is told.</summary>
internal sealed class FakeStoredTries : IStoredTries
{
    public HashSet<(string RequestId, string JobId, long Try)> Tries { get; } = [];

    public List<string> Asked { get; } = [];

    public bool IsDown { get; set; }

    public string? RequestManager { get; set; }

    public string Where => "the Request Manager at http://rm";

    public Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation)
    {
        Asked.Add(requestId);
        return IsDown
            ? throw new CommandException("the Request Manager did not answer")
            : Task.FromResult<IReadOnlySet<(string JobId, long Try)>>(
                Tries.Where(entry => entry.RequestId == requestId).Select(entry => (entry.JobId, entry.Try)).ToHashSet());
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
