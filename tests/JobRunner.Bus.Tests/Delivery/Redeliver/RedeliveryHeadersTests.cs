using System.Text;
using JobRunner.Bus.Delivery.Redeliver;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Delivery.Redeliver;

public sealed class RedeliveryHeadersTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly DeliveryHistory History = new(3, Noon, Noon.AddMinutes(2));

    [Fact]
    public void A_history_comes_back_as_it_was_sent() =>
        Assert.Equal(History, Read(RedeliveryHeaders.WithHistory(null, History)));

    [Fact]
    public void A_history_is_read_as_the_broker_gives_it()
    {
        var headers = RedeliveryHeaders.WithHistory(null, History).Headers!
            .ToDictionary(header => header.Key, header => (object)Encoding.UTF8.GetBytes((string)header.Value!));

        Assert.Equal(History, RedeliveryHeaders.Read(headers));
    }

    [Fact]
    public void A_message_without_a_history_has_none() => Assert.Equal(DeliveryHistory.None, RedeliveryHeaders.Read([]));

    [Theory]
    [InlineData("x", "-1", "99999999999999999999")]
    [InlineData("-5", "0", "")]
    public void A_history_that_makes_no_sense_is_none(string redeliveries, string first, string last) => Assert.Equal(
        DeliveryHistory.None,
        RedeliveryHeaders.Read(new Dictionary<string, object>
        {
            ["jobrunner-put-offs"] = redeliveries,
            ["jobrunner-first-tried-at"] = first,
            ["jobrunner-put-off-at"] = last,
        }));

    [Fact]
    public void A_message_sent_back_from_the_error_queue_starts_over()
    {
        var properties = RedeliveryHeaders.WithHistory(null, History);
        properties.Headers!["MT-Reason"] = "fault";

        Assert.Equal(DeliveryHistory.None, Read(properties));
        Assert.Equal(History, Read(RedeliveryHeaders.WithHistory(properties, History)));
    }

    [Fact]
    public void A_log_goes_on_with_its_properties_and_headers_but_for_those_of_stays_that_are_over()
    {
        var received = new BasicProperties
        {
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            MessageId = "m1",
            CorrelationId = "c1",
            Timestamp = new AmqpTimestamp(1),
            Type = "t",
            AppId = "a",
            Priority = 3,
            DeliveryMode = DeliveryModes.Transient,
            Expiration = "1000",
            UserId = "somebody",
            Headers = new Dictionary<string, object?>
            {
                ["traceparent"] = "00-1-2-3",
                ["x-mine"] = 7L,
                ["x-death"] = new List<object>(),
                ["x-first-death-queue"] = "q",
                ["x-delivery-count"] = 4L,
                ["CC"] = new List<object> { "elsewhere" },
                ["BCC"] = new List<object> { "elsewhere" },
                ["MT-Reason"] = "fault",
                ["MT-Fault-Message"] = "why",
            },
        };

        var sent = RedeliveryHeaders.WithHistory(received, History);

        Assert.Equal(
            ("application/json", "utf-8", "m1", "c1", new AmqpTimestamp(1), "t", "a", (byte)3),
            (sent.ContentType, sent.ContentEncoding, sent.MessageId, sent.CorrelationId, sent.Timestamp, sent.Type, sent.AppId, sent.Priority));
        Assert.Equal((DeliveryModes.Persistent, false, false), (sent.DeliveryMode, sent.IsExpirationPresent(), sent.IsUserIdPresent()));
        Assert.Equal(
            ["jobrunner-first-tried-at", "jobrunner-put-off-at", "jobrunner-put-offs", "traceparent", "x-mine"],
            sent.Headers!.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(9, received.Headers.Count);
    }

    private static DeliveryHistory Read(BasicProperties properties) =>
        RedeliveryHeaders.Read(properties.Headers!.ToDictionary(header => header.Key, header => header.Value!));
}
