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

/// <summary>A worker's own connection comes back whatever it was cut in.</summary>
public sealed class LinkTests(Broker broker)
{
    [Fact]
    public async Task Publishing_goes_on_within_seconds_when_connections_are_cut_in_the_middle_of_look_ups_in_the_journal()
    {
        var host = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        await using (var client = await PlainClient.ConnectAsync(host))
        {
            await client.Channel.QueueDeclareAsync(
                Names.JobJournal, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream" });
            for (var number = 0; number < 600; number++)
            {
                await client.Channel.BasicPublishAsync("", Names.JobJournal, new byte[300]);
            }
        }

        await using var proxy = TcpProxy.Start(broker.Node.Port);
        var options = Options.Create(new RabbitMqOptions { Uri = new UriBuilder(host) { Port = proxy.Port }.Uri.ToString() });
        await using var link = new BrokerLink(
            options, Options.Create(new WorkerOptions()), new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);
        using var lifetime = new LifetimeToEnd();
        var journal = new BrokerJournal(link, new NoLeases(new RunClaims()), new UntilAccepted(TimeProvider.System, lifetime.Lifetime, NullLogger<UntilAccepted>.Instance), TimeProvider.System);
        using var over = new CancellationTokenSource();
        var looks = Enumerable.Range(0, 8).Select(_ => LookAsync(journal, over.Token)).ToList();

        // Without care the client is stuck for ever after about twenty of them.
        for (var cut = 0; cut < 40; cut++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100 + (cut * 37 % 300)));
            proxy.Cut();
        }

        await Eventually.HoldsAsync("a message is accepted", () => IsAcceptedAsync(link), TimeSpan.FromSeconds(20));
        await over.CancelAsync();
        await Task.WhenAll(looks).WaitAsync(TimeSpan.FromSeconds(20));
    }

    private static async Task<bool> IsAcceptedAsync(BrokerLink link)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await link.PublishAsync("", Names.JobJournal, new BasicProperties(), new byte[3], mandatory: true, patience.Token);
            return true;
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            return false;
        }
    }

    private static async Task LookAsync(BrokerJournal journal, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await journal.ReadAsync(new RunnerKey("request", "none"), null, over);
            }
            catch (Exception) when (!over.IsCancellationRequested)
            {
                // Cut.
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }
    }
}
