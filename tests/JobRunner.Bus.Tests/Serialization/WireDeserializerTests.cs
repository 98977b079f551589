using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Serialization;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Tests.Serialization;

public sealed class WireDeserializerTests
{
    private const string Command = """{"requestId":"r","job":{"id":"j","type":"noop"},"jobData":{"k":1},"prevTries":1,"new":"field"}""";

    private readonly DictionarySendHeaders _headers = new();

    [Fact]
    public void Plain_JSON_is_read()
    {
        Assert.True(Plain(Command).TryGetMessage<RunJob>(out var command));

        Assert.Equal(("r", "j", 1L, 1), (command!.RequestId, command.Job.Id, command.PrevTries, (int)command.JobData["k"]!));
        Assert.Equal("field", command.Unknown!["new"].GetString());
    }

    [Fact]
    public void A_byte_order_mark_is_skipped() => Assert.True(Plain("\uFEFF" + Command).TryGetMessage<RunJob>(out _));

    [Fact]
    public void The_envelope_of_MassTransit_is_read()
    {
        var envelope = $$"""
            {"messageId":"01000000-0000-0000-0000-000000000001","conversationId":null,"messageType":["urn:message:Their.Own:Name"],"message":{{Command}},"headers":{"x":"y"} }
            """;

        var context = Envelope(envelope);

        Assert.True(context.TryGetMessage<RunJob>(out var command));
        Assert.Equal(("r", "field"), (command!.RequestId, command.Unknown!["new"].GetString()));
    }

    [Fact]
    public void What_MassTransit_writes_is_read_whatever_the_case_of_its_names() =>
        Assert.True(Envelope($$"""{"MessageType":[],"Message":{{Command}} }""").TryGetMessage<RunJob>(out _));

    [Fact]
    public void A_message_is_of_its_own_type_and_of_no_other()
    {
        var context = Plain(Command);

        Assert.True(context.IsSupportedMessageType<RunJob>());
        Assert.False(context.TryGetMessage<StopJob>(out _));
        Assert.True(context.TryGetMessage(typeof(RunJob), out _));
        Assert.False(context.TryGetMessage(typeof(StopJob), out _));
    }

    [Theory]
    [InlineData("", "the body is empty; it must be the JSON of a RunJob")]
    [InlineData("null", "the body is null; it must be the JSON object of a RunJob")]
    [InlineData("{\"requestId\":7}", "the body is not the JSON of a RunJob at $.requestId (line 1, byte 15): the value is of the wrong type, malformed or out of range")]
    public void What_is_no_message_is_told_with_its_place(string body, string reason) =>
        Assert.Equal(reason, Assert.Throws<WireFormatException>(() => Plain(body)).Message);

    [Theory]
    [InlineData("", "the body is not the JSON of a MassTransit envelope")]
    [InlineData("[]", "the body is not the JSON of a MassTransit envelope")]
    [InlineData("{", "the body is not the JSON of a MassTransit envelope")]
    [InlineData("null", "the body is not the JSON of a MassTransit envelope")]
    [InlineData("{}", "the envelope has no message")]
    [InlineData("{\"message\":null}", "the envelope has no message")]
    [InlineData("{\"message\":[]}", "the body is not the JSON of a RunJob")]
    [InlineData("{\"message\":{\"requestId\":7}}", "the body is not the JSON of a RunJob at $.requestId")]
    [InlineData("""{"message":{"requestId":"r","jobData":{"k":"\ud800"}}}""", "the body holds half a surrogate pair")]
    [InlineData("""{"message":{"requestId":"r","requestId":"s"}}""", "the body is not the JSON of a RunJob")]
    public void What_is_no_envelope_is_told(string body, string reason) =>
        Assert.StartsWith(reason, Assert.Throws<WireFormatException>(() => Envelope(body)).Message, StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_no_UTF_8_are_told_in_an_envelope_too()
    {
        byte[] body = [.. "{\"message\":{\"requestId\":\""u8, 0xFF, .. "\"}}"u8];

        Assert.Throws<WireFormatException>(() => Read(body, envelope: true));
    }

    [Fact]
    public void Ids_that_are_no_GUIDs_do_no_harm()
    {
        _headers.Set(MessageHeaders.RequestId, "any text");
        _headers.Set(MessageHeaders.ResponseAddress, "amq.gen-1");
        _headers.Set(MessageHeaders.MessageId, "7");

        Assert.True(Plain(Command).TryGetMessage<RunJob>(out _));
    }

    [Fact]
    public void A_plain_message_keeps_its_headers_and_destination()
    {
        _headers.Set("jobrunner-leg", "l1");

        var context = new WireMessageContext(_headers, new Uri("loopback://localhost/run-job"));

        Assert.Equal("l1", context.Headers.Get<string>("jobrunner-leg"));
        Assert.Equal("/run-job", context.DestinationAddress!.AbsolutePath);
        Assert.Equal((null, null, null), (context.RequestId, context.ResponseAddress, context.SentTime));
    }

    [Fact]
    public void Envelopes_are_known_by_the_media_type_of_MassTransit()
    {
        Assert.True(WireEnvelope.Is("application/vnd.masstransit+json"));
        Assert.True(WireEnvelope.Is("application/vnd.masstransit+json; charset=utf-8"));
        Assert.False(WireEnvelope.Is("application/json"));
        Assert.False(WireEnvelope.Is(null));
    }

    private SerializerContext Plain(string body) => Read(Encoding.UTF8.GetBytes(body), envelope: false);

    private SerializerContext Envelope(string body) => Read(Encoding.UTF8.GetBytes(body), envelope: true);

    private SerializerContext Read(byte[] body, bool envelope) =>
        WireDeserializer<RunJob>.Read(body, envelope, _headers, null);
}
