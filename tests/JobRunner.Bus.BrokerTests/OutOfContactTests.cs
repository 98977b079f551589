using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// A worker that wakes from a long pause may have lost its runs, and finds a connection within moments: until it knows, nothing
/// of a run leaves, neither log nor end, next leg or job data.
/// </summary>
public sealed class OutOfContactTests(Broker broker)
{
    private static readonly RunJob Command = new() { RequestId = "r", Job = new Job { Id = "j", Type = "noop" } };

    [Fact]
    public async Task Nothing_of_a_run_leaves_before_there_is_contact_and_what_is_abandoned_meanwhile_never_does()
    {
        var host = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        var worker = Options.Create(new WorkerOptions());
        await using var link = new BrokerLink(
            Options.Create(new RabbitMqOptions { Uri = host.ToString() }), worker, new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);
        var topology = new BrokerTopology(link);
        await topology.DeclareAsync(worker.Value, TestContext.Current.CancellationToken);
        await using var client = await PlainClient.ConnectAsync(host);
        var ends = await client.ListenAsync(Names.JobFinished);
        using var lifetime = new LifetimeToEnd();
        var until = new UntilAccepted(TimeProvider.System, lifetime.Lifetime, NullLogger<UntilAccepted>.Instance);
        var leases = new Contact();
        var outlet = new BrokerOutlet(link, leases);
        var relay = new BrokerRelay(link, topology, leases, until, worker, TimeProvider.System);
        var journal = new BrokerJournal(link, leases, until, TimeProvider.System);

        using var abandoned = new CancellationTokenSource();
        List<Task> sent = [.. Send("kept", CancellationToken.None)], lost = [.. Send("lost", abandoned.Token)];
        await Eventually.HoldsAsync("all are asked for", () => leases.Asked >= 6);
        await abandoned.CancelAsync();
        await Task.WhenAll(lost).ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.All(lost, one => Assert.True(one.IsCanceled));
        Assert.All(sent, one => Assert.False(one.IsCompleted));
        Assert.Equal(0u, await client.CountAsync(Names.RunJob) + await client.CountAsync(Names.JobLogRecorded) + await client.CountAsync(Names.JobJournal));

        leases.Regain();

        await Task.WhenAll(sent).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("the end arrives", () => !ends.IsEmpty);
        Assert.Contains("kept", Assert.Single(ends).Body, StringComparison.Ordinal);
        Assert.Equal((2u, 1u), (await client.CountAsync(Names.RunJob), await client.CountAsync(Names.JobLogRecorded)));
        // Log, end, next leg, and job data.
        await Eventually.HoldsAsync("the journal has them", async () => await client.CountAsync(Names.JobJournal) == 4);

        IEnumerable<Task> Send(string id, CancellationToken abandoned)
        {
            var command = Command with { RequestId = id };
            yield return outlet.LogAsync(new JobLogRecorded { RequestId = id, JobId = "j", Try = 1 }, abandoned);
            yield return outlet.FinishedAsync(new RunEndNews(new JobFinished { RequestId = id, JobId = "j" }, null, DateTimeOffset.UtcNow), abandoned);
            yield return relay.SendOnAsync(command, RunLeg.First.After(1), TimeSpan.Zero, abandoned);
            yield return journal.KeepJobDataAsync(new RunnerKey(id, "j"), 1, [], abandoned);
            if (!abandoned.CanBeCanceled)
            {
                yield return relay.RequeueAsync(new CommandDelivery(command, null, RunLeg.First, null), TimeSpan.Zero);
            }
        }
    }

    private sealed class Contact : ILeases
    {
        private readonly TaskCompletionSource _contact = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public void Regain() => _contact.SetResult();

        public Task<(RunClaim? Claim, TimeSpan LookAgainIn)> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
            Task.FromResult<(RunClaim?, TimeSpan)>((null, TimeSpan.Zero));

        public bool MayComeTwice(CommandDelivery delivery) => false;

        public Task StartedAsync(CommandDelivery delivery, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task InContactAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return _contact.Task.WaitAsync(cancellationToken);
        }
    }
}
