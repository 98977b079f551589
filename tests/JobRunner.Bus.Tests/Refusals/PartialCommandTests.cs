using System.Text;
using JobRunner.Bus.Refusals;

namespace JobRunner.Bus.Tests.Refusals;

public sealed class PartialCommandTests
{
    private const string Sample = """
        {"requestId":"c0ffee0000000000abcd","job":{"args":{"id":"decoy"},"id":"9vKx","name":"línea","type":"noop","bytes":"e30=","data":{"job":{"id":"decoy"}},"retry":3},"jobData":{"requestId":"decoy","job":{"id":"decoy"},"prevTries":9,"totalTries":9},"prevTries":2,"totalTries":7}
        """;

    [Fact]
    public void A_whole_command_says_whose_it_is() => Assert.Equal(("c0ffee0000000000abcd", "9vKx", 2L, 7L), Read(Sample));

    [Fact]
    public void A_command_cut_off_anywhere_says_what_was_read_before_and_nothing_else()
    {
        var bytes = Encoding.UTF8.GetBytes(Sample);
        var requestKnown = Sample.IndexOf("\",\"job\"", StringComparison.Ordinal) + 1;
        var jobKnown = Encoding.UTF8.GetByteCount(Sample[..(Sample.IndexOf("9vKx", StringComparison.Ordinal) + 5)]);
        // The byte after a number tells that it has ended.
        var prevKnown = Encoding.UTF8.GetByteCount(Sample[..(Sample.IndexOf("\"prevTries\":2", StringComparison.Ordinal) + 14)]);

        for (var length = 0; length < bytes.Length; length++)
        {
            var expected = (
                length >= requestKnown ? "c0ffee0000000000abcd" : "",
                length >= jobKnown ? "9vKx" : "",
                length >= prevKnown ? 2L : 0L,
                length == bytes.Length ? 7L : 0L);
            Assert.Equal(expected, Read(bytes.AsSpan(0, length)));
        }
    }

    [Theory]
    [InlineData("""{"jobData":{"requestId":"decoy"},"job":{"args":{"id":"decoy"},"data":{"id":"decoy"}}}""")]
    [InlineData("""{"jobData":{"job":{"id":"decoy"}},"job":[{"id":"decoy"}],"requestId":["decoy"]}""")]
    [InlineData("""[{"requestId":"decoy","job":{"id":"decoy"}}]""")]
    [InlineData("""["requestId","decoy",{"id":"decoy"}]""")]
    [InlineData("""{"id":"decoy","job":"decoy","request":{"requestId":"decoy"}}""")]
    [InlineData("""{"RequestId":"decoy","JOB":{"id":"decoy"}}""")]
    [InlineData("""{"job":{"job":{"id":"decoy"},"ids":["id","decoy"]},"more":{"id":"decoy"}}""")]
    [InlineData("""{"requestId":7,"job":{"id":{"id":"decoy"}}}""")]
    [InlineData("\"requestId\"")]
    [InlineData("null")]
    [InlineData("")]
    public void Ids_at_other_places_are_no_ids(string body)
    {
        Assert.Equal(("", ""), (Read(body).RequestId, Read(body).JobId));
        Assert.False(PartialCommand.Read(Encoding.UTF8.GetBytes(body)).NamesJob);
    }

    [Theory]
    [InlineData("""{"requestId":"r","job":{"id":"j"},"prevTries":-1,"totalTries":1.5}""")]
    [InlineData("""{"requestId":"r","job":{"id":"j"},"prevTries":"1","totalTries":99999999999999999999}""")]
    [InlineData("""{"requestId":"r","job":{"id":"j"},"prevTries":null,"totalTries":[1]}""")]
    [InlineData("""{"requestId":"r","job":{"id":"j","prevTries":1,"totalTries":1}}""")]
    public void Counters_that_are_none_count_as_zero(string body) => Assert.Equal(("r", "j", 0L, 0L), Read(body));

    [Fact]
    public void Names_and_ids_may_be_written_with_escapes() =>
        Assert.Equal(("r\"1", "j", 0L, 0L), Read("""{"request\u0049d":"r\"1","j\u006fb":{"\u0069d":"j"}}"""));

    [Fact]
    public void A_byte_order_mark_is_skipped() => Assert.Equal(("r", "j", 0L, 0L), Read("\uFEFF{\"requestId\":\"r\",\"job\":{\"id\":\"j\"}}"));

    [Fact]
    public void Ids_before_bytes_that_are_no_UTF_8_are_known()
    {
        byte[] body = [.. "{\"requestId\":\"r\",\"job\":{\"id\":\"j\",\"name\":\""u8, 0xC3, 0x28, 0xFF, .. "\"},\"totalTries\":3}"u8];

        Assert.Equal(("r", "j"), (Read(body).RequestId, Read(body).JobId));
    }

    [Fact]
    public void An_id_that_is_no_UTF_8_is_none()
    {
        byte[] body = [.. "{\"requestId\":\"r\",\"job\":{\"id\":\""u8, 0xFF, .. "\"}}"u8];

        Assert.Equal(("r", ""), (Read(body).RequestId, Read(body).JobId));
    }

    [Theory]
    [InlineData(900, "j")]
    [InlineData(100_000, "")]
    public void Nesting_of_any_depth_does_no_harm(int depth, string jobId)
    {
        var body = """{"requestId":"r","jobData":{"a":""" + new string('[', depth) + new string(']', depth) + """},"job":{"id":"j"}}""";

        Assert.Equal(("r", jobId), (Read(body).RequestId, Read(body).JobId));
    }

    private static (string RequestId, string JobId, long PrevTries, long TotalTries) Read(string body) => Read(Encoding.UTF8.GetBytes(body));

    private static (string RequestId, string JobId, long PrevTries, long TotalTries) Read(ReadOnlySpan<byte> body)
    {
        var found = PartialCommand.Read(body);
        return (found.RequestId, found.JobId, found.PrevTries, found.TotalTries);
    }
}
