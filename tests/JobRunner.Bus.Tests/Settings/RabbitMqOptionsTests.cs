using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Settings;

public sealed class RabbitMqOptionsTests
{
    private const string Must = "it must be amqp://user:password@host:port/vhost, or amqps:// for TLS";

    private static readonly string[] Bad =
    [
        "rabbit:5672",
        "http://guest:hunter2@rabbit",
        "amqp:///vhost",
        "hunter2",
        "amqp://guest:hunter2@rabbit:port/",
        "amqp://guest:hun:ter2@rabbit/",
        "amqp://guest:hunter2@rabbit/a/b",
    ];

    public static TheoryData<string> BadUris => [.. Bad];

    [Theory]
    [InlineData("amqp://rabbit", "rabbit:5672", false)]
    [InlineData("amqp://guest:guest@rabbit:5673", "rabbit:5673", false)]
    [InlineData("amqp://guest:guest@rabbit/", "rabbit:5672", false)]
    [InlineData("amqps://me:p%3Ass%2Fword@rabbit.example.com/my%2Fvhost", "rabbit.example.com:5671", true)]
    [InlineData("amqp://guest:guest@[::1]:5672/jobs", "[::1]:5672", false)]
    public void A_good_uri_passes_and_names_the_node_that_is_connected_to(string uri, string node, bool tls)
    {
        Assert.True(Check(uri).Succeeded);
        var only = Assert.Single(BrokerNodes.Of(new RabbitMqOptions { Uri = uri }));
        Assert.Equal((node, tls), ($"{only.HostName}:{only.Port}", only.Ssl.Enabled));
    }

    [Theory]
    [InlineData(null, "rabbit:5673")]
    [InlineData("", "rabbit:5673")]
    [InlineData("rabbit2", "rabbit:5673 rabbit2:5673")]
    [InlineData("rabbit2:5672, rabbit3,10.0.0.4", "rabbit:5673 rabbit2:5672 rabbit3:5673 10.0.0.4:5673")]
    [InlineData("rabbit,rabbit:5673,rabbit2,rabbit2", "rabbit:5673 rabbit2:5673")]
    public void Nodes_are_those_of_the_address_and_of_the_list_each_once(string? nodes, string all) => Assert.Equal(
        all,
        string.Join(' ', BrokerNodes.Of(new RabbitMqOptions { Uri = "amqp://guest:guest@rabbit:5673/", Nodes = nodes }).Select(node => $"{node.HostName}:{node.Port}")));

    [Fact]
    public void Nodes_use_TLS_when_the_address_does() => Assert.All(
        BrokerNodes.Of(new RabbitMqOptions { Uri = "amqps://rabbit", Nodes = "rabbit2" }),
        node => Assert.Equal((true, node.HostName, 5671), (node.Ssl.Enabled, node.Ssl.ServerName, node.Port)));

    [Theory]
    [InlineData("rabbit2:port")]
    [InlineData("rabbit2:0")]
    [InlineData("rabbit2:5672:1")]
    [InlineData("amqp://rabbit2")]
    [InlineData("rab bit")]
    [InlineData("[::1]:5672")]
    public void A_bad_list_of_nodes_is_told(string nodes) => Assert.StartsWith(
        $"JobRunner__RabbitMq__Nodes is \"{nodes}\"; it must be hosts with or without a port",
        new RabbitMqOptionsRules(Options.Create(new TransportOptions { Transport = TransportKind.RabbitMq }))
            .Validate(null, new RabbitMqOptions { Uri = "amqp://rabbit", Nodes = nodes }).FailureMessage);

    [Theory]
    [MemberData(nameof(BadUris))]
    public void A_bad_uri_is_told_without_showing_it(string uri) =>
        Assert.Equal([$"JobRunner__RabbitMq__Uri is \"(not shown)\"; {Must}"], Check(uri).Failures!);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("  ")]
    public void A_missing_uri_is_told(string? uri) => Assert.Equal([$"JobRunner__RabbitMq__Uri is \"\"; {Must}"], Check(uri).Failures!);

    [Theory]
    [InlineData(null)]
    [InlineData("anything")]
    public void Without_a_broker_no_uri_is_needed(string? uri) => Assert.True(Check(uri, TransportKind.InMemory).Skipped);

    private static ValidateOptionsResult Check(string? uri, TransportKind transport = TransportKind.RabbitMq) =>
        new RabbitMqOptionsRules(Options.Create(new TransportOptions { Transport = transport })).Validate(null, new RabbitMqOptions { Uri = uri });
}
