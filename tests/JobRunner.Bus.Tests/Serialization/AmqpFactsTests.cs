using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Tests.Runs;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Serialization;

public sealed class AmqpFactsTests
{
    [Fact]
    public void A_timestamp_is_in_whole_seconds() => Assert.Equal(
        DateTimeOffset.FromUnixTimeSeconds(1_753_000_000), With(new BasicProperties { Timestamp = new AmqpTimestamp(1_753_000_000) }).Timestamp());

    [Fact]
    public void A_timestamp_that_is_not_set_is_unknown() => Assert.Null(With(new BasicProperties()).Timestamp());

    [Theory]
    [InlineData(1_753_000_000_000)]
    [InlineData(253_402_300_799)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_timestamp_in_other_units_than_seconds_is_unknown(long value) =>
        Assert.Null(With(new BasicProperties { Timestamp = new AmqpTimestamp(value) }).Timestamp());

    [Fact]
    public void The_asker_is_known_by_queue_and_correlation_id() => Assert.Equal(
        new ReplyAddress("answers", "c1"), With(new BasicProperties { ReplyTo = "answers", CorrelationId = "c1" }).ReplyTo());

    [Fact]
    public void An_asker_needs_no_correlation_id() =>
        Assert.Equal(new ReplyAddress("answers", null), With(new BasicProperties { ReplyTo = "answers" }).ReplyTo());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void Without_a_queue_to_answer_to_nobody_asks(string? replyTo)
    {
        var properties = new BasicProperties { CorrelationId = "c1" };
        if (replyTo is not null)
        {
            properties.ReplyTo = replyTo;
        }

        Assert.Null(With(properties).ReplyTo());
    }

    [Fact]
    public void Another_transport_knows_neither()
    {
        var context = Context.Of(new object());

        Assert.Null(context.Timestamp());
        Assert.Null(context.ReplyTo());
    }

    [Fact]
    public void A_header_is_read_as_text_whatever_a_client_makes_of_it()
    {
        var context = Context.Of(new object(), ("text", "a"), ("bytes", "ü"u8.ToArray()), ("long", 7L), ("int", 8), ("bool", true));

        Assert.Equal(
            ["a", "ü", "7", "8", "True", null],
            new[] { "text", "bytes", "long", "int", "bool", "absent" }.Select(name => context.TextHeader(name)));
    }

    [Fact]
    public void A_command_straight_from_its_scheduler_is_the_first_leg()
    {
        Assert.Equal(RunLeg.First, Context.Of(new object()).Leg());
        Assert.Equal(RunLeg.First, Context.Of(new object(), ("jobrunner-leg", "")).Leg());
    }

    [Fact]
    public void A_leg_knows_the_tries_before_it()
    {
        Assert.Equal(new RunLeg("l1", 3), Context.Of(new object(), ("jobrunner-leg", "l1"), ("jobrunner-tries-before", "3")).Leg());
        Assert.Equal(new RunLeg("l1", 0), Context.Of(new object(), ("jobrunner-leg", "l1"), ("jobrunner-tries-before", "many")).Leg());
        Assert.Equal(new RunLeg("l1", 0), Context.Of(new object(), ("jobrunner-leg", "l1")).Leg());
    }

    [Fact]
    public void What_a_leg_carries_is_read_back()
    {
        var dueAt = DateTimeOffset.FromUnixTimeMilliseconds(1_753_000_000_123);
        var leg = (new RunLeg(null, 2) { SeenAt = dueAt.AddDays(-1), RunStartedAt = dueAt.AddDays(-2) }).After(3) with { WaitLeft = TimeSpan.FromSeconds(90) };
        var headers = LegHeaders.For(leg, dueAt, TimeSpan.FromSeconds(90));

        var context = Context.Of(new object(), [.. headers.Select(header => (header.Key, header.Value!))]);

        Assert.Equal((leg, 5L, dueAt), (context.Leg(), context.Leg().TriesBefore, context.DueAt()));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("253402300799000")]
    [InlineData("99999999999999999999999")]
    public void A_due_time_that_makes_no_sense_is_none(string value)
    {
        Assert.Null(Context.Of(new object(), ("jobrunner-due-at", value)).DueAt());
        Assert.Null(Context.Of(new object(), ("jobrunner-leg", "l1"), ("jobrunner-seen-at", value)).Leg().SeenAt);
    }

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("1500", 1500L)]
    [InlineData("-1", null)]
    [InlineData("9223372036854775807", null)]
    [InlineData("later", null)]
    public void What_is_left_of_a_wait_is_read_where_it_makes_sense(string value, long? milliseconds) =>
        Assert.Equal(
            milliseconds is { } left ? TimeSpan.FromMilliseconds(left) : null,
            Context.Of(new object(), ("jobrunner-leg", "l1"), ("jobrunner-wait-left", value)).Leg().WaitLeft);

    private static ConsumeContext With(BasicProperties properties) => Context.Of(new object(), properties);
}
