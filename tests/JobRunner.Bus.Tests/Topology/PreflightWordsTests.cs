using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Tests.Topology;

public sealed class PreflightWordsTests
{
    private static readonly QueuePart Journal = BrokerTopology.Queues(new WorkerOptions()).Single(queue => queue.Name == Names.JobJournal);

    [Theory]
    [InlineData("7D", "JournalRetention=168h")]
    [InlineData("604800s", "JournalRetention=168h")]
    [InlineData("90m", "JournalRetention=1h30m")]
    [InlineData("1Y", "JournalRetention=8760h")]
    [InlineData("1M", "JournalRetention=720h")]
    [InlineData("soon", "Give every worker the same JobRunner__Worker__JournalRetention")]
    [InlineData("99999999999999999999s", "Give every worker the same")]
    [InlineData("0s", "Give every worker the same")]
    public void A_retention_that_differs_is_told_as_the_setting_that_fits(string current, string says)
    {
        var finding = PreflightWords.OfQueue(
            Journal, $"PRECONDITION_FAILED - inequivalent arg 'x-max-age' for queue 'job-journal' in vhost '/': received '3600s' but current is '{current}'");

        Assert.Equal(PreflightVerdict.Wrong, finding.Verdict);
        Assert.Contains($"x-max-age={current}", finding.Text);
        Assert.Contains(says, finding.Fix);
    }

    [Fact]
    public void An_argument_that_is_not_set_is_told_so()
    {
        var finding = PreflightWords.OfQueue(
            Journal,
            "PRECONDITION_FAILED - inequivalent arg 'x-stream-max-segment-size-bytes' for queue 'job-journal' in vhost '/': received the value '1000' of type 'signedint' but current is none");

        Assert.Equal("Stream job-journal exists with x-stream-max-segment-size-bytes not set, not 50000000", finding.Text);
    }

    [Theory]
    [InlineData("NOT_IMPLEMENTED - queue type stream", "RabbitMQ 3.10 or newer is needed")]
    [InlineData("PRECONDITION_FAILED - required feature flag stream_queue is not enabled", "rabbitmqctl enable_feature_flag all")]
    public void A_refusal_in_other_words_is_passed_on(string reply, string says)
    {
        var finding = PreflightWords.OfQueue(Journal, reply);

        Assert.Equal(PreflightVerdict.Wrong, finding.Verdict);
        Assert.Contains(reply, finding.Text);
        Assert.Contains(says, finding.Fix);
    }
}
