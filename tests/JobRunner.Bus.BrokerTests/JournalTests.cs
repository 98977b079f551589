using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>Look-ups in the journal read on where the last one ended.</summary>
public sealed class JournalTests(Broker broker) : IAsyncLifetime
{
    private readonly LifetimeToEnd _lifetime = new();
    private PlainClient _client = null!;
    private BrokerLink _link = null!;
    private BrokerJournal _journal = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var host = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        _client = await PlainClient.ConnectAsync(host);
        await DeclareAsync();
        _link = new BrokerLink(
            Options.Create(new RabbitMqOptions { Uri = host.ToString() }), Options.Create(new WorkerOptions()), new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);
        _journal = new BrokerJournal(
            _link, new NoLeases(new RunClaims()), new UntilAccepted(TimeProvider.System, _lifetime.Lifetime, NullLogger<UntilAccepted>.Instance), TimeProvider.System);
    }

    public async ValueTask DisposeAsync()
    {
        _journal.Dispose();
        await _link.DisposeAsync();
        await _client.DisposeAsync();
        _lifetime.Dispose();
    }

    private async Task DeclareAsync()
    {
        await _client.Channel.ExchangeDeclareAsync(Names.JobLogRecorded, "fanout", cancellationToken: Cancelled);
        await _client.Channel.QueueDeclareAsync(
            Names.JobJournal, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" }, cancellationToken: Cancelled);
        await _client.Channel.QueueBindAsync(Names.JobJournal, Names.JobLogRecorded, "", cancellationToken: Cancelled);
    }

    /// <summary>All at once, so that they lie in chunks together.</summary>
    private Task LogAsync(long first, long last) =>
        Task.WhenAll(Range(first, last).SelectMany(number => new[] { LogAsync("a", number), LogAsync("b", number) }));

    private Task LogAsync(string job, long number) => _client.Channel.BasicPublishAsync(
        Names.JobLogRecorded,
        "",
        mandatory: false,
        new BasicProperties { Headers = new Dictionary<string, object?> { [JournalFilter.ValueHeader] = "r" } },
        Wire.Serialize(new JobLogRecorded { RequestId = "r", JobId = job, Type = "t", Try = number, State = JobState.Fail }),
        Cancelled).AsTask();

    private static IEnumerable<long> Range(long first, long last) => Enumerable.Range((int)first, (int)(last - first + 1)).Select(number => (long)number);

    private async Task<IEnumerable<long>> TriesAsync(string job, DateTimeOffset? since = null) =>
        (await _journal.ReadAsync(new RunnerKey("r", job), since, Cancelled)).OfType<TryLogged>().Select(logged => logged.Log.Try);

    [Fact]
    public async Task What_is_written_between_two_look_ups_is_found_once_and_in_its_order_by_the_second()
    {
        for (var round = 0; round < 20; round++)
        {
            var writing = LogAsync(1 + (round * 10), 10 + (round * 10));
            var meanwhile = await TriesAsync("b");
            await writing;
            Assert.Equal(meanwhile, Range(1, meanwhile.Count()));
            Assert.Equal(Range(1, 10 + (round * 10)), await TriesAsync(round % 2 == 0 ? "a" : "b"));
        }
    }

    [Fact]
    public async Task Of_a_journal_that_was_made_anew_meanwhile_nothing_old_is_told_and_nothing_new_missed()
    {
        await LogAsync(1, 20);
        Assert.Equal(Range(1, 20), await TriesAsync("a"));
        await _client.Channel.QueueDeleteAsync(Names.JobJournal, cancellationToken: Cancelled);
        await DeclareAsync();

        // Longer than the old one, so that there is something where that ended.
        await LogAsync(100, 150);
        Assert.Equal(Range(100, 150), await TriesAsync("a"));

        // Shorter, so that there is nothing.
        await _client.Channel.QueueDeleteAsync(Names.JobJournal, cancellationToken: Cancelled);
        await DeclareAsync();
        await LogAsync(200, 201);
        Assert.Equal(Range(200, 201), await TriesAsync("b"));
    }

    [Fact]
    public async Task Whoever_asks_since_a_time_that_the_broker_has_not_reached_yet_finds_what_there_is()
    {
        await LogAsync(1, 30);

        Assert.Equal(Range(1, 30), await TriesAsync("a", DateTimeOffset.UtcNow.AddHours(1)).WaitAsync(TimeSpan.FromSeconds(40), Cancelled));
        Assert.Equal(Range(1, 30), await TriesAsync("b", DateTimeOffset.UtcNow).WaitAsync(TimeSpan.FromSeconds(5), Cancelled));
    }

    [Fact]
    public async Task Those_who_ask_about_the_last_minutes_and_about_all_find_the_same()
    {
        await LogAsync(1, 30);
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(Range(1, 30), await TriesAsync("a", DateTimeOffset.UtcNow));
            Assert.Equal(Range(1, 30), await TriesAsync("a", DateTimeOffset.UtcNow.AddHours(-3)));
            Assert.Equal(Range(1, 30), await TriesAsync("a"));
        }
    }
}
