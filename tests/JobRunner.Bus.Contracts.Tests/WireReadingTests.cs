using System.Text;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.Contracts.Tests;

public sealed class WireReadingTests
{
    [Fact]
    public void A_job_as_Go_writes_it_is_read()
    {
        var job = Read<Job>("""
            {"id":"ab1Z","name":"a \u003cb\u003e \u0026 c","type":"shell-command","bytes":"eyJjbWQiOiIvYmluL3RydWUifQ==","state":1,"args":{"n":1},"retry":2,"retryWait":"500ms","sequenceId":"ab1Z","sequenceRetry":0}
            """);

        Assert.Equal("a <b> & c", job.Name);
        Assert.Equal("""{"cmd":"/bin/true"}""", Encoding.UTF8.GetString(job.Bytes!));
        Assert.Equal(JobState.Pending, job.State);
        Assert.Equal(2, job.Retry);
        Assert.Equal("500ms", job.RetryWait);
        Assert.Null(job.Data);
        Assert.Null(job.SequenceRetryWait);
    }

    [Fact]
    public void A_chain_as_Go_writes_it_is_read()
    {
        var chain = Read<JobChain>("""
            {"requestId":"bj5r4s","jobs":{"a":{"id":"a","name":"","type":"noop","state":0,"retry":0,"sequenceId":"","sequenceRetry":0},"b":{"id":"b","name":"","type":"noop","state":3,"retry":0,"sequenceId":"a","sequenceRetry":0}},"adjacencyList":{"a":["b"]},"state":2,"finishedJobs":1}
            """);

        Assert.Equal(["a", "b"], chain.Jobs.Keys);
        Assert.Equal(["b"], chain.AdjacencyList["a"]);
        Assert.Equal(JobState.Running, chain.State);
        Assert.Equal(1, chain.FinishedJobs);
    }

    [Fact]
    public void An_empty_chain_as_Go_writes_it_is_read()
    {
        var chain = Read<JobChain>("""{"requestId":"","jobs":null,"adjacencyList":null,"state":0,"finishedJobs":0}""");
        Assert.Empty(chain.Jobs);
        Assert.Empty(chain.AdjacencyList);
    }

    [Fact]
    public void A_null_list_of_followers_is_an_empty_one() =>
        Assert.Empty(Read<JobChain>("""{"adjacencyList":{"a":null}}""").AdjacencyList["a"]);

    [Fact]
    public void A_null_job_of_a_chain_is_an_empty_one() =>
        Assert.Equal("", Read<JobChain>("""{"jobs":{"a":null}}""").Jobs["a"].Id);

    [Fact]
    public void A_job_log_as_Go_writes_it_is_read()
    {
        var log = Read<JobLogRecorded>("""
            {"requestId":"bj5r4s","jobId":"a","try":2,"name":"n","type":"t","startedAt":1577882096789123456,"finishedAt":1577882096789123457,"state":4,"exit":-1,"error":"x \u003e y","stdout":"line\n\u0000\u2028","stderr":""}
            """);

        Assert.Equal(1577882096789123456, log.StartedAt);
        Assert.Equal(1577882096789123457, log.FinishedAt);
        Assert.Equal(-1, log.Exit);
        Assert.Equal("x > y", log.Error);
        Assert.Equal("line\n\0\u2028", log.Stdout);
    }

    [Theory]
    [MemberData(nameof(NullFields))]
    public void A_null_field_counts_as_absent(Type type, string field)
    {
        var read = ReadAs(type, $$"""{"{{field}}":null}""");
        var absent = ReadAs(type, "{}");
        Assert.Equal(WriteAs(type, absent), WriteAs(type, read));
    }

    public static TheoryData<Type, string> NullFields()
    {
        var data = new TheoryData<Type, string>();
        foreach (var type in MessageTypes.All)
        {
            foreach (var property in type.GetProperties().Where(property => property.Name is not ("Unknown" or "EqualityContract")))
            {
                data.Add(type, System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(property.Name));
            }
        }

        return data;
    }

    [Fact]
    public void A_null_within_the_job_counts_as_absent() =>
        Assert.Equal(0, Read<RunJob>("""{"job":{"retry":null,"state":null,"bytes":null}}""").Job.Retry);

    [Fact]
    public void A_byte_order_mark_is_skipped() =>
        Assert.Equal("r", Wire.Deserialize<StopJob>("\uFEFF{\"requestId\":\"r\"}"u8).RequestId);

    [Fact]
    public void A_lone_byte_order_mark_is_an_empty_body() =>
        Assert.Contains(
            "the body is empty", Assert.Throws<WireFormatException>(() => Wire.Deserialize<StopJob>("\uFEFF"u8)).Message, StringComparison.Ordinal);

    [Fact]
    public void Unknown_fields_survive_at_every_level()
    {
        const string Body =
            """{"requestId":"r","job":{"id":"j","name":"","type":"t","state":0,"args":{"a":{"b":[1]}},"retry":0,"sequenceId":"","sequenceRetry":0,"newer":{"x":[null,1.50]}},"jobData":{"k":{"l":null}},"prevTries":0,"totalTries":0,"traceparent":"00-1","nested":[{"y":true}]}""";
        Assert.Equal(Body, Encoding.UTF8.GetString(Wire.Serialize(Read<RunJob>(Body))));

        const string Chain =
            """{"requestId":"r","jobs":{"a":{"id":"a","name":"","type":"t","state":0,"retry":0,"sequenceId":"","sequenceRetry":0,"newer":1}},"adjacencyList":{"a":[]},"state":0,"finishedJobs":0,"newest":"ü"}""";
        Assert.Equal(Chain, Encoding.UTF8.GetString(Wire.Serialize(Read<JobChain>(Chain))));
    }

    [Theory]
    [MemberData(nameof(TypesThatKeepUnknown))]
    public void Unknown_fields_survive_in_every_message(Type type)
    {
        var written = JsonNode.Parse(WriteAs(type, ReadAs(type, """{"newer":{"a":[9007199254740993,1e400,null]}}""")))!;
        Assert.Equal("""{"a":[9007199254740993,1e400,null]}""", written["newer"]!.ToJsonString());
    }

    public static TheoryData<Type> TypesThatKeepUnknown() =>
        [.. MessageTypes.All.Where(type => type.GetProperty("Unknown") is not null)];

    [Fact]
    public void Numbers_in_job_data_are_kept_to_the_last_digit()
    {
        var command = Read<RunJob>("""{"jobData":{"a":9007199254740993,"b":18446744073709551615,"c":1.10,"d":12345678901234567890123}}""");
        var finished = Wire.Serialize(new JobFinished { JobData = (JsonObject)command.JobData.DeepClone() });

        Assert.Contains(
            """
            {"a":9007199254740993,"b":18446744073709551615,"c":1.10,"d":12345678901234567890123}
            """,
            Encoding.UTF8.GetString(finished),
            StringComparison.Ordinal);
        Assert.Equal(9007199254740993, command.JobData["a"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("2020-01-02T03:04:05Z", 0)]
    [InlineData("2020-01-02T03:04:05.6Z", 6_000_000)]
    [InlineData("2020-01-02T03:04:05.123456789Z", 1_234_567)]
    [InlineData("2020-01-02T05:04:05.123456789+02:00", 1_234_567)]
    public void Times_as_Go_writes_them_are_read(string text, long ticks)
    {
        var sentAt = Read<StopJob>($$"""{"sentAt":"{{text}}"}""").SentAt;
        Assert.Equal(new DateTimeOffset(2020, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(ticks), sentAt);
    }

    [Fact]
    public void Whole_surrogate_pairs_are_read() =>
        Assert.Equal("😀", Read<RunJob>("""{"jobData":{"a":"\ud83d\uDE00"}}""").JobData["a"]!.GetValue<string>());

    [Fact]
    public void A_message_of_another_contract_is_not_written()
    {
        Assert.Throws<NotSupportedException>(() => Wire.Serialize(new Version(1, 0)));
        Assert.False(Wire.Knows(typeof(Version)));
        Assert.All(MessageTypes.All, type => Assert.True(Wire.Knows(type)));
    }

    private static T Read<T>(string json)
        where T : class => Wire.Deserialize<T>(Encoding.UTF8.GetBytes(json));

    private static object ReadAs(Type type, string json) =>
        typeof(WireReadingTests).GetMethod(nameof(Read), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!
            .MakeGenericMethod(type).Invoke(null, [json])!;

    private static string WriteAs(Type type, object message) =>
        Encoding.UTF8.GetString((byte[])typeof(Wire).GetMethod(nameof(Wire.Serialize))!.MakeGenericMethod(type).Invoke(null, [message])!);
}
