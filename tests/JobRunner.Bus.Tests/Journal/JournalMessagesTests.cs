using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Journal;

public sealed class JournalMessagesTests
{
    [Theory]
    [InlineData("abcd")]
    [InlineData("a\"b")]
    [InlineData("a\\b")]
    [InlineData("größe")]
    [InlineData("日本")]
    [InlineData("a/b<c>&'+")]
    public void Every_entry_of_a_job_is_found_whatever_is_in_its_id(string id)
    {
        var job = new RunnerKey("r", id);

        Assert.NotNull(JournalMessages.ReadOf([job], Names.JobLogRecorded, new BasicProperties(), Wire.Serialize(new JobLogRecorded { RequestId = "r", JobId = id, Try = 1 })));
        Assert.NotNull(JournalMessages.ReadOf([job], Names.JobFinished, new BasicProperties(), Wire.Serialize(new JobFinished { RequestId = "r", JobId = id })));
        var leg = new BasicProperties { Headers = new Dictionary<string, object?> { [WorkerHeaders.Leg] = "l1" } };
        Assert.NotNull(JournalMessages.ReadOf([job], Names.RunJobWait, leg, Wire.Serialize(new RunJob { RequestId = "r", Job = new Job { Id = id, Type = "t" } })));
    }

    [Theory]
    [InlineData("""{"requestId":"r","jobId":"\u0061bcd","try":1}""")]
    [InlineData("""{"requestId":"\u0072","jobId":"ab\u0063d","try":1,"stdout":"x\ny"}""")]
    [InlineData("""{"jobId":"abcd","try":1,"requestId":"r"}""")]
    public void An_id_is_what_its_JSON_means_however_it_is_written(string body) =>
        Assert.NotNull(JournalMessages.ReadOf([new RunnerKey("r", "abcd")], Names.JobLogRecorded, new BasicProperties(), Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("""{"requestId":"r","jobId":"other","try":1,"stdout":"abcd"}""")]
    [InlineData("""{"requestId":"s","jobId":"abcd","try":1}""")]
    [InlineData("""{"requestId":"r","jobId":"abc\\d","try":1}""")]
    [InlineData("no json: abcd")]
    public void What_is_of_another_job_or_no_entry_at_all_is_passed_over(string body) =>
        Assert.Null(JournalMessages.ReadOf([new RunnerKey("r", "abcd")], Names.JobLogRecorded, new BasicProperties(), Encoding.UTF8.GetBytes(body)));

    [Theory]
    [InlineData("999999999999999999")]
    [InlineData("-999999999999999999")]
    [InlineData("x")]
    public void An_end_whose_times_make_no_sense_is_an_end_without_times(string time)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { [WorkerHeaders.At] = time, [WorkerHeaders.CommandSentAt] = "-" + time } };

        var end = Assert.IsType<RunFinished>(JournalMessages.ReadOf(
            [new RunnerKey("r", "j")], Names.JobFinished, properties, Wire.Serialize(new JobFinished { RequestId = "r", JobId = "j" }))?.Entry);

        Assert.Equal((null, null), (end.At, end.CommandSentAt));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_end_says_whether_its_logs_were_accepted_before_it(bool accepted)
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?>() };
        if (accepted)
        {
            properties.Headers[WorkerHeaders.LogsAccepted] = "yes";
        }

        var end = JournalMessages.Read(Names.JobFinished, properties, Wire.Serialize(new JobFinished { RequestId = "r", JobId = "j" }))?.Entry;

        Assert.Equal(accepted, Assert.IsType<RunFinished>(end).LogsAccepted);
    }

    [Fact]
    public void What_was_carried_over_from_another_broker_is_read_by_the_exchange_it_had_there()
    {
        var properties = new BasicProperties { Headers = new Dictionary<string, object?> { [WorkerHeaders.PublishedTo] = Encoding.UTF8.GetBytes(Names.JobLogRecorded) } };
        var log = Wire.Serialize(new JobLogRecorded { RequestId = "r", JobId = "j", Try = 2 });
        Assert.Equal(2, Assert.IsType<TryLogged>(JournalMessages.Read("", properties, log)?.Entry).Log.Try);
    }
}
