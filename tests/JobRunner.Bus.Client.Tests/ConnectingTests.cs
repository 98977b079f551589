using System.Net;
using System.Net.Sockets;
using JobRunner.Bus.RabbitMq;

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

        Assert.Contains($"nothing listens at 127.0.0.1:{port}", error.Message);
        Assert.DoesNotContain("secret", error.ToString());
        Assert.False(error.MayHaveArrived);
    }

    [Fact]
    public async Task All_wrong_settings_are_told_by_the_names_they_have_in_the_environment()
    {
        var broker = RabbitMqOptions.FromEnvironment(new Dictionary<string, string?>
        {
            ["JobRunner__RabbitMq__Uri"] = "amqp://me:secret@rabbit",
            ["JobRunner__RabbitMq__Nodes"] = "rab bit",
            ["JobRunner__RabbitMq__ServerName"] = "rabbit",
            ["JobRunner__RabbitMq__Auth"] = "external",
        }.GetValueOrDefault);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => JobRunnerClient.ConnectAsync(broker));

        Assert.Equal(RabbitMqAuth.External, broker.Auth);
        foreach (var name in new[] { "Nodes", "ServerName", "Auth" })
        {
            Assert.Contains($"JobRunner__RabbitMq__{name} is", error.Message);
        }

        Assert.DoesNotContain("secret", error.Message);
    }

    [Theory]
    [InlineData("Auth", "kerberos", "JobRunner__RabbitMq__Auth is \"kerberos\"; it must be Password or External")]
    [InlineData("Auth", "7", "JobRunner__RabbitMq__Auth is \"7\"; it must be Password or External")]
    [InlineData("PasswordFile", "/nowhere", "JobRunner__RabbitMq__PasswordFile is \"/nowhere\"; it cannot be read")]
    [InlineData("UriFile", "/nowhere", "JobRunner__RabbitMq__Uri and JobRunner__RabbitMq__UriFile are both set")]
    public async Task What_cannot_be_read_is_told(string name, string value, string says)
    {
        var broker = RabbitMqOptions.FromEnvironment(new Dictionary<string, string?>
        {
            ["JobRunner__RabbitMq__Uri"] = "amqp://rabbit",
            [$"JobRunner__RabbitMq__{name}"] = value,
        }.GetValueOrDefault);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => JobRunnerClient.ConnectAsync(broker));

        Assert.StartsWith(says, error.Message);
    }

    [Fact]
    public async Task Logs_need_results()
    {
        var options = new JobRunnerClientOptions { ReceivesResults = false, ReceivesLogs = true };

        var error = await Assert.ThrowsAsync<ArgumentException>(() => JobRunnerClient.ConnectAsync(new Uri("amqp://localhost"), options));

        Assert.StartsWith("ReceivesResults must be true", error.Message);
    }

    [Fact]
    public void Request_ids_have_the_form_of_Spin_Cycle()
    {
        var ids = Enumerable.Range(0, 100).Select(_ => JobRunnerClient.NewRequestId()).ToList();

        Assert.All(ids, id => Assert.Matches("^[0-9a-v]{20}$", id));
        Assert.Equal(100, ids.Distinct().Count());
    }
}
