using System.Text;

namespace JobRunner.Bus.Contracts.Tests;

public sealed class WireRefusalTests
{
    [Theory]
    [InlineData("", "the body is empty")]
    [InlineData("null", "the body is null")]
    [InlineData("[]", "not the JSON of a RunJob")]
    [InlineData("5", "not the JSON of a RunJob")]
    [InlineData("\"x\"", "not the JSON of a RunJob")]
    [InlineData("true", "not the JSON of a RunJob")]
    [InlineData("not json", "not the JSON of a RunJob")]
    [InlineData("{\"requestId\":\"r\"", "not the JSON of a RunJob")]
    [InlineData("{\"requestId\":\"r\"} x", "not the JSON of a RunJob")]
    [InlineData("{\"requestId\":5}", "at $.requestId")]
    [InlineData("{\"prevTries\":\"1\"}", "at $.prevTries")]
    [InlineData("{\"prevTries\":1.5}", "at $.prevTries")]
    [InlineData("{\"prevTries\":99999999999999999999}", "at $.prevTries")]
    [InlineData("{\"job\":[]}", "at $.job")]
    [InlineData("{\"job\":{\"bytes\":\"***\"}}", "at $.job.bytes")]
    [InlineData("{\"job\":{\"bytes\":\"abc\"}}", "at $.job.bytes")]
    [InlineData("{\"job\":{\"bytes\":[1,2]}}", "at $.job.bytes")]
    [InlineData("{\"job\":{\"state\":\"RUNNING\"}}", "at $.job.state")]
    [InlineData("{\"job\":{\"state\":256}}", "at $.job.state")]
    [InlineData("{\"job\":{\"state\":-1}}", "at $.job.state")]
    [InlineData("{\"job\":{\"args\":[1]}}", "at $.job.args")]
    [InlineData("{\"job\":{\"bytes\":{\"a\":1}}}", "it must be base64 text")]
    [InlineData("{\"job\":{\"bytes\":5}}", "it must be base64 text")]
    [InlineData("{\"jobData\":[0]}", "it must be an object")]
    [InlineData("{\"jobData\":{\"a\":1,}}", "trailing comma")]
    [InlineData("{/* why */}", "'/' is invalid")]
    [InlineData("{\"jobData\":\"x\"}", "at $.jobData")]
    [InlineData("{\"jobData\":5}", "at $.jobData")]
    [InlineData("{\"sentAt\":\"yesterday\"}", "at $.sentAt")]
    [InlineData("{\"sentAt\":1577882096}", "at $.sentAt")]
    public void A_body_that_is_wrong_says_where(string body, string message)
    {
        var error = Assert.Throws<WireFormatException>(() => Read<RunJob>(body));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("JobRunner.Bus", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("reader options", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_path_reaches_into_the_jobs_of_a_chain() =>
        Assert.Contains(
            "$.jobs.a.retry",
            Assert.Throws<WireFormatException>(() => Read<JobChain>("""{"jobs":{"a":{"retry":"x"}}}""")).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("jobData")]
    [InlineData("unknown")]
    public void A_body_nested_200_deep_is_refused(string field)
    {
        var deep = $"{{\"{field}\":{{\"a\":{new string('[', 200)}{new string(']', 200)}}}}}";
        Assert.Contains("nested more than 64 deep", Assert.Throws<WireFormatException>(() => Read<RunJob>(deep)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("requestId")]
    [InlineData("jobData")]
    [InlineData("unknown")]
    public void Bytes_that_are_not_UTF8_are_refused(string field)
    {
        var value = field == "jobData" ? "{\"a\":\"#\"}" : "\"#\"";
        var body = Encoding.UTF8.GetBytes($"{{\"{field}\":{value}}}");
        body[Array.IndexOf(body, (byte)'#')] = 0xFF;
        Assert.Throws<WireFormatException>(() => Wire.Deserialize<RunJob>(body));
    }

    [Theory]
    [InlineData("""{"requestId":"\ud800"}""")]
    [InlineData("""{"jobData":{"a":"\ud800"}}""")]
    [InlineData("""{"jobData":{"\udc00":1}}""")]
    [InlineData("""{"unknown":{"a":["\ud800x"]}}""")]
    [InlineData("""{"\ud800":1}""")]
    public void Half_a_surrogate_pair_is_refused(string body) =>
        Assert.Throws<WireFormatException>(() => Read<RunJob>(body));

    [Theory]
    [InlineData("""{"requestId":"a","requestId":"b"}""")]
    [InlineData("""{"job":{"id":"a","id":"b"}}""")]
    [InlineData("""{"jobData":{"a":1,"a":2}}""")]
    [InlineData("""{"jobData":{"b":{"a":1,"a":2}}}""")]
    [InlineData("""{"unknown":{"a":1,"a":2}}""")]
    public void A_field_given_twice_is_refused(string body) =>
        Assert.Matches("duplicate field \"(a|id|requestId)\"$", Assert.Throws<WireFormatException>(() => Read<RunJob>(body)).Message);

    [Theory]
    [InlineData(new byte[] { 0x1F, 0x8B, 8, 0 }, "gzip")]
    [InlineData(new byte[] { 0x28, 0xB5, 0x2F, 0xFD, 4 }, "zstd")]
    public void A_compressed_body_is_called_so(byte[] body, string encoding) => Assert.Contains(
        $"the body is compressed ({encoding})", Assert.Throws<WireFormatException>(() => Wire.Deserialize<RunJob>(body)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"job":{"args":[]}}""")]
    [InlineData("""{"job":{"data":[]},"jobData":[]}""")]
    public void An_object_without_fields_as_PHP_writes_it_is_one(string body)
    {
        var command = Read<RunJob>(body);

        Assert.Equal((0, 0, 0), (command.Job.Args?.Count ?? 0, command.Job.Data?.Count ?? 0, command.JobData.Count));
    }

    private static T Read<T>(string json)
        where T : class => Wire.Deserialize<T>(Encoding.UTF8.GetBytes(json));
}
