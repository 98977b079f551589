using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Tests.Runs;
using MassTransit;

namespace JobRunner.Bus.Tests.Serialization;

public sealed class WireSerializerTests
{
    [Fact]
    public void A_message_of_the_contract_is_written_plain_exactly_as_the_contract_says()
    {
        var finished = new JobFinished { RequestId = "r", JobId = "línea", FinalState = JobState.Complete, Tries = 1 };

        Assert.Equal(Encoding.UTF8.GetString(Wire.Serialize(finished)), Write(finished));
    }

    [Fact]
    public void What_it_writes_its_reader_reads()
    {
        var stop = new StopJob { RequestId = "r", JobId = "j", SentAt = new DateTimeOffset(2026, 7, 1, 12, 0, 0, TimeSpan.Zero) };

        var read = Wire.Deserialize<StopJob>(Encoding.UTF8.GetBytes(Write(stop)));

        Assert.Equal((stop.RequestId, stop.JobId, stop.SentAt), (read.RequestId, read.JobId, read.SentAt));
    }

    [Fact]
    public void Half_characters_in_an_error_do_not_keep_it_from_being_written() =>
        Assert.Contains("broken", Write(new JobFinished { Error = "broken \ud83d text" }), StringComparison.Ordinal);

    [Fact]
    public void Its_content_type_is_plain_JSON() => Assert.Equal("application/json", WireSerializer.Instance.ContentType.MediaType);

    private static string Write<T>(T message)
        where T : class =>
        Encoding.UTF8.GetString(WireSerializer.Instance.GetMessageBody(Fake.Of<SendContext<T>>(("get_Message", _ => message))).GetBytes());
}
