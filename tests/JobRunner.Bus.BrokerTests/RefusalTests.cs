using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// A channel that first met a queue or stream as its leader died refuses whatever is for it, or loses it without a word, until
/// that node is back or for ever (RabbitMQ 3.10). Another channel does not. Here a full queue refuses, and channels hang.
/// </summary>
public sealed class RefusalTests(Broker broker)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly JobLogRecorded Log = new() { RequestId = "request", JobId = "job", Type = "type", Name = "job", Try = 1 };

    [Fact]
    public async Task What_was_refused_on_a_workers_link_goes_out_on_another_channel()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await LimitAsync(host, "full");
        await using var link = NewLink(host, TimeSpan.FromMinutes(1));
        await link.UseAsync(channel => DeclareAsync(channel, "full", "other"), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<IOException>(() => FillAsync(() => SendAsync(link, "full")));

        await HangAsync(host);

        await SendAsync(link, "other").WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_log_that_was_refused_goes_out_on_another_connection()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var link = NewLink(host, TimeSpan.FromMinutes(1));
        var outlet = await NewOutletAsync(link);
        await LimitAsync(host, Names.JobLogRecorded);
        await Assert.ThrowsAsync<IOException>(() => FillAsync(() => LogAsync(outlet)));
        using (var purged = await broker.Node.Management.DeleteAsync(new Uri($"queues/{host}/{Names.JobLogRecorded}/contents", UriKind.Relative)))
        {
            purged.EnsureSuccessStatusCode();
        }

        await HangAsync(host);

        await LogAsync(outlet).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task What_a_workers_link_has_no_word_of_goes_out_on_another_channel()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var link = NewLink(host, Patience);
        await link.UseAsync(channel => DeclareAsync(channel, "queue"), TestContext.Current.CancellationToken);
        await SendAsync(link, "queue");
        await HangAsync(host);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => SendAsync(link, "queue"));
        Assert.EndsWith("about a message to queue", error.Message, StringComparison.Ordinal);
        await SendAsync(link, "queue").WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_log_that_there_is_no_word_of_goes_out_on_another_connection()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var link = NewLink(host, Patience);
        var outlet = await NewOutletAsync(link);
        await LogAsync(outlet);
        await HangAsync(host);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => LogAsync(outlet));
        Assert.EndsWith("about a message to job-log-recorded", error.Message, StringComparison.Ordinal);
        await LogAsync(outlet).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_command_that_was_refused_goes_out_on_another_connection_of_its_scheduler()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        var observer = new Connections();
        await using var client = await NewClientAsync(host, TimeSpan.FromMinutes(1), observer);
        await LimitAsync(host, Names.RunJob);
        await Assert.ThrowsAsync<JobRunnerClientException>(() => FillAsync(() => SubmitAsync(client)));
        using (var purged = await broker.Node.Management.DeleteAsync(new Uri($"queues/{host}/{Names.RunJob}/contents", UriKind.Relative)))
        {
            purged.EnsureSuccessStatusCode();
        }

        await Eventually.HoldsAsync("the client connects anew", () => observer.Reconnected == 1);
        await SubmitAsync(client).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_scheduler_that_hears_no_word_of_its_command_is_told_so_and_sends_the_next_on_another_connection()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var client = await NewClientAsync(host, Patience);
        await SubmitAsync(client);
        await HangAsync(host);

        var error = await Assert.ThrowsAsync<JobRunnerClientException>(() => SubmitAsync(client));
        Assert.True(error.MayHaveArrived);
        await SubmitAsync(client).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private sealed class Connections : IJobRunnerObserver
    {
        private int _reconnected;

        public int Reconnected => Volatile.Read(ref _reconnected);

        public void OnReconnected() => Interlocked.Increment(ref _reconnected);
    }

    private async Task<JobRunnerClient> NewClientAsync(string host, TimeSpan patience, IJobRunnerObserver? observer = null)
    {
        await using var link = NewLink(host, TimeSpan.FromMinutes(1));
        await new BrokerTopology(link).DeclareAsync(new WorkerOptions(), TestContext.Current.CancellationToken);
        return await JobRunnerClient.ConnectAsync(broker.Node.UriOf(host), new JobRunnerClientOptions { ConfirmTimeout = patience, Observer = observer });
    }

    private static Task SubmitAsync(JobRunnerClient client) => client.SubmitAsync(
        new RunJob { RequestId = JobRunnerClient.NewRequestId(), Job = new Job { Id = "j", Type = "sleep" } }, TestContext.Current.CancellationToken);

    private static Task LogAsync(BrokerOutlet outlet) => outlet.LogAsync(Log, TestContext.Current.CancellationToken);

    private static Task SendAsync(BrokerLink link, string queue) =>
        link.PublishAsync("", queue, new BasicProperties(), new byte[3], mandatory: true, TestContext.Current.CancellationToken);

    private BrokerLink NewLink(string host, TimeSpan patience) => new(
        Options.Create(new RabbitMqOptions { Uri = broker.Node.UriOf(host).ToString() }),
        Options.Create(new WorkerOptions()),
        new WorkerName(),
        TimeProvider.System,
        NullLogger<BrokerLink>.Instance)
    {
        Patience = new ConfirmPatience(patience),
    };

    private static async Task<BrokerOutlet> NewOutletAsync(BrokerLink link)
    {
        await new BrokerTopology(link).DeclareAsync(new WorkerOptions(), TestContext.Current.CancellationToken);
        return new BrokerOutlet(link, new NoLeases(new RunClaims()));
    }

    private static async Task DeclareAsync(IChannel channel, params IEnumerable<string> queues)
    {
        foreach (var queue in queues)
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, BrokerTopology.QuorumArguments());
        }
    }

    /// <summary>Makes a queue refuse what is more than one message; it takes a few more than it should.</summary>
    private async Task LimitAsync(string host, string queue)
    {
        var policy = new JsonObject
        {
            ["pattern"] = $"^{queue}$",
            ["apply-to"] = "queues",
            ["definition"] = new JsonObject { ["max-length"] = 1, ["overflow"] = "reject-publish" },
        };
        using var set = await broker.Node.Management.PutAsJsonAsync($"policies/{host}/{queue}", policy);
        set.EnsureSuccessStatusCode();
    }

    private static async Task FillAsync(Func<Task> publish)
    {
        for (var message = 0; message < 1000; message++)
        {
            await publish();
        }
    }

    /// <summary>Stops the processes that serve the channels of a virtual host, those that are open now.</summary>
    private async Task HangAsync(string host)
    {
        var hung = await broker.Node.ControlAsync(
            "eval", $"[sys:suspend(C) || {{C, Facts}} <- ets:tab2list(channel_created), proplists:get_value(vhost, Facts) == <<\"{host}\">>].");
        Assert.Contains("ok", hung);
    }
}
