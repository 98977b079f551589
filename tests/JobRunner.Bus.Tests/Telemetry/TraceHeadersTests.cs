using System.Diagnostics;
using System.Text;
using JobRunner.Bus.Telemetry;
using MassTransit.Serialization;

namespace JobRunner.Bus.Tests.Telemetry;

/// <summary>Traces in headers, as foreign clients write them.</summary>
public sealed class TraceHeadersTests
{
    private const string Parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private static DictionarySendHeaders Headers(string name, object value) => new(new Dictionary<string, object?> { [name] = value });

    [Fact]
    public void The_trace_is_read_from_text_and_from_bytes_and_from_what_MassTransit_writes()
    {
        foreach (var headers in new[] { Headers("traceparent", Parent), Headers("traceparent", Encoding.ASCII.GetBytes(Parent)), Headers("MT-Activity-Id", Parent) })
        {
            var context = TraceHeaders.Extract(headers);
            Assert.Equal(("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"), (context.TraceId.ToString(), context.SpanId.ToString()));
            Assert.True(context.IsRemote);
        }

        Assert.Equal("00f067aa0ba902b7", TraceHeaders.Extract(Headers("a", "b"), Headers("traceparent", Parent)).SpanId.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("00-0-0-01")]
    [InlineData("00-00000000000000000000000000000000-00f067aa0ba902b7-01")]
    [InlineData("hello")]
    [InlineData(7)]
    public void What_makes_no_sense_is_no_trace(object value) => Assert.Equal(default, TraceHeaders.Extract(Headers("traceparent", value)));

    [Fact]
    public void What_runs_now_is_written_with_its_state_and_nothing_when_nothing_runs()
    {
        var headers = new Dictionary<string, object?>();
        TraceHeaders.Inject(headers);
        Assert.Empty(headers);

        using var span = new Activity("work") { TraceStateString = "acme=42" }.Start();
        TraceHeaders.Inject(headers);
        Assert.Equal((span.Id, "acme=42"), ((string?)headers["traceparent"], (string?)headers["tracestate"]));
        Assert.Equal(span.SpanId, TraceHeaders.CurrentContext().SpanId);
    }

    [Fact]
    public void A_stand_in_for_a_span_hands_on_the_one_before_it()
    {
        using var span = new Activity(MessageSpans.PassedOn).SetParentId(Parent).Start();
        var headers = new Dictionary<string, object?>();

        TraceHeaders.Inject(headers);

        Assert.Equal(Parent, headers["traceparent"]);
    }
}
