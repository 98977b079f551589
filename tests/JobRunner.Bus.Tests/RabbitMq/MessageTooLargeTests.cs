using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Tests.RabbitMq;

public sealed class MessageTooLargeTests
{
    [Theory]
    [InlineData(406, "PRECONDITION_FAILED - message size 500000 is larger than configured max size 200000", 200_000)]
    [InlineData(406, "PRECONDITION_FAILED - message size 20000000 is larger than max size 16777216", 16_777_216)]
    [InlineData(406, "PRECONDITION_FAILED - unknown delivery tag 7", null)]
    [InlineData(406, "PRECONDITION_FAILED - inequivalent arg 'x-max-age' for queue 'max size 1'", null)]
    [InlineData(404, "message size 5 is larger than max size 3", null)]
    public void The_limit_is_learned_from_the_refusal(ushort code, string words, int? limit) =>
        Assert.Equal(limit, MessageTooLargeException.LimitIn(new ShutdownEventArgs(ShutdownInitiator.Peer, code, words)));

    [Theory]
    [InlineData('x', 1000)]
    [InlineData('\u0001', 1000)]
    [InlineData('ä', 1000)]
    [InlineData('"', 700)]
    [InlineData('x', 1_000_000)]
    public void A_log_is_cut_to_just_what_the_broker_takes(char letter, int limit)
    {
        var log = new JobLogRecorded { RequestId = "r", JobId = "j", Try = 1, Stdout = new string(letter, 2_000_000), Stderr = "short" };

        var cut = JobLogBounds.ToFit(log, limit)!;

        Assert.InRange(Wire.Serialize(cut).Length, limit / 3, limit);
        Assert.Contains("…[cut ", cut.Stdout, StringComparison.Ordinal);
        Assert.Equal("short", cut.Stderr);
    }

    [Fact]
    public void A_log_that_is_too_large_without_its_outputs_cannot_be_cut() =>
        Assert.Null(JobLogBounds.ToFit(new JobLogRecorded { RequestId = "r", JobId = "j", Name = new string('n', 500), Stdout = "o" }, 300));
}
