using System.Net;
using System.Net.Sockets;

namespace JobRunner.Bus.Client.Tests;

public sealed class ConnectingTests
{
    [Theory]
    [InlineData("http://me:secret@rabbit/")]
    [InlineData("rabbit")]
    public async Task An_address_that_is_no_brokers_is_refused_without_its_password(string address)
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(
            () => JobRunnerClient.ConnectAsync(new Uri(address, UriKind.RelativeOrAbsolute)));

        Assert.Contains("amqp://", error.Message);
        Assert.DoesNotContain("secret", error.Message);
    }

    [Theory]
    [InlineData("", 60, 60, "ResultQueue")]
    [InlineData("amq.mine", 60, 60, "ResultQueue")]
    [InlineData("mine", 0, 60, "OwnQueueExpires")]
    [InlineData("mine", 60, -1, "KeepUnclaimed")]
    public async Task A_wrong_option_names_itself(string queue, int expires, int keep, string named)
    {
        var options = new JobRunnerClientOptions
        {
            ResultQueue = queue,
            OwnQueueExpires = TimeSpan.FromSeconds(expires),
            KeepUnclaimed = TimeSpan.FromSeconds(keep),
        };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => JobRunnerClient.ConnectAsync(new Uri("amqp://localhost"), options));

        Assert.StartsWith(named, error.Message);
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_told_at_once()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var error = await Assert.ThrowsAsync<JobRunnerClientException>(
            () => JobRunnerClient.ConnectAsync(new Uri($"amqp://me:secret@127.0.0.1:{port}/")));

        Assert.Contains($"127.0.0.1:{port} cannot be reached", error.Message);
        Assert.DoesNotContain("secret", error.ToString());
        Assert.False(error.MayHaveArrived);
    }

    [Fact]
    public void Request_ids_have_the_form_of_Spin_Cycle()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => JobRunnerClient.NewRequestId()).ToList();

        Assert.All(ids, id => Assert.Matches("^[0-9a-v]{20}$", id));
        Assert.Equal(100, ids.Distinct().Count());
    }
}
