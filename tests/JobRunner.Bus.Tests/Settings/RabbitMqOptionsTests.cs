using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Settings;

public sealed class RabbitMqOptionsTests
{
    private const string Must = "it must be amqp://user:password@host:port/vhost, or amqps:// for TLS";

    private static readonly string[] Good =
    [
        "amqp://rabbit",
        "amqp://guest:guest@rabbit:5672",
        "amqp://guest:guest@rabbit:5672/",
        "amqps://me:p%3Ass%2Fword@rabbit.example.com:5671/my%2Fvhost",
        "amqp://guest:guest@[::1]:5672/jobs",
    ];

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

    public static TheoryData<string> GoodUris => [.. Good];

    public static TheoryData<string> BadUris => [.. Bad];

    [Theory]
    [MemberData(nameof(GoodUris))]
    public void A_good_uri_passes_and_the_client_takes_it(string uri)
    {
        Assert.True(Check(uri).Succeeded);
        Assert.NotNull(new ConnectionFactory { Uri = new Uri(uri) }.HostName);
    }

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
