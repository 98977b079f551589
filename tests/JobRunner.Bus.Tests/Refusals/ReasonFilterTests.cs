using JobRunner.Bus.Refusals;
using JobRunner.Bus.Tests.Runs;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Tests.Refusals;

public sealed class ReasonFilterTests
{
    private readonly DictionarySendHeaders _headers = new();

    [Fact]
    public async Task Our_own_reason_replaces_that_of_the_innermost_exception()
    {
        _headers.Set(MessageHeaders.FaultMessage, "of the machinery");

        await SendAsync(new InvalidOperationException("requestId is missing", new ArgumentException("of the machinery")));

        Assert.Equal("requestId is missing", Text(MessageHeaders.FaultMessage));
    }

    [Fact]
    public async Task Reason_and_stack_trace_fit_into_a_frame()
    {
        _headers.Set(MessageHeaders.FaultStackTrace, new string('t', 200_000));

        await SendAsync(new InvalidOperationException(new string('r', 200_000)));

        Assert.All(
            [MessageHeaders.FaultMessage, MessageHeaders.FaultStackTrace],
            name => Assert.InRange(Text(name).Length, 1, 2000));
    }

    [Fact]
    public async Task A_stack_trace_that_is_not_there_is_not_made_up()
    {
        await SendAsync(new InvalidOperationException("reason"));

        Assert.False(_headers.TryGetHeader(MessageHeaders.FaultStackTrace, out _));
    }

    [Fact]
    public async Task The_next_filter_gets_the_message()
    {
        var passed = 0;
        var context = Fake.Of<ExceptionReceiveContext>(
            ("get_Exception", _ => new InvalidOperationException("reason")), ("get_ExceptionHeaders", _ => _headers), ("TryGetPayload", _ => false));

        await new ReasonFilter().Send(context, Pipe.Execute<ExceptionReceiveContext>(got => passed += ReferenceEquals(got, context) ? 1 : 0));

        Assert.Equal(1, passed);
    }

    private string Text(string name) => Assert.IsType<string>(_headers.TryGetHeader(name, out var value) ? value : null);

    private Task SendAsync(Exception exception) => new ReasonFilter().Send(
        Fake.Of<ExceptionReceiveContext>(("get_Exception", _ => exception), ("get_ExceptionHeaders", _ => _headers), ("TryGetPayload", _ => false)),
        Pipe.Empty<ExceptionReceiveContext>());
}
