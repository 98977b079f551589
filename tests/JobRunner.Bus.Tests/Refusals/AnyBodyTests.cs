using System.Net.Mime;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Tests.Refusals;

/// <summary>Whatever a body holds, it is read, or refused with a reason: no other exception leaves the reader, none the refusal.</summary>
public sealed class AnyBodyTests
{
    private static readonly WorkerOptions Options = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_command_is_read_or_refused_with_a_reason(int seed) => Bodies(seed, 40_000, (body, isEnvelope) =>
    {
        try
        {
            var command = Read<RunJob>(body, isEnvelope);
            CommandRules.Require(command, body.Length, Options);
            // It must go on to other workers, and its data to its scheduler.
            _ = Wire.Serialize(command);
            _ = command.JobData;
        }
        catch (Exception error) when (error is WireFormatException or RefusedException)
        {
            Assert.NotEmpty(error.Message);
        }
    });

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public void Its_refusal_finds_out_whose_it_is_and_tells(int seed) => Bodies(seed, 40_000, (body, isEnvelope) =>
    {
        var command = PartialCommand.Read(body, isEnvelope);

        Assert.NotEmpty(command.ToString());
        _ = Wire.Serialize(new JobFinished { RequestId = command.RequestId, JobId = command.JobId, PrevTries = command.PrevTries, TotalTries = command.TotalTries });
    });

    [Theory]
    [InlineData(6)]
    public void Stops_questions_and_logs_are_read_or_refused_with_a_reason(int seed) => Bodies(seed, 20_000, (body, isEnvelope) =>
    {
        ReadOrRefuse<StopJob>(body, isEnvelope);
        ReadOrRefuse<GetRunnerStatus>(body, isEnvelope);
        ReadOrRefuse<JobLogRecorded>(body, isEnvelope);
    });

    [Theory]
    [InlineData("""{"\ud800xx": 1}""")]
    [InlineData("""{"message":{"requestId":"r","\udc00":1}}""")]
    [InlineData("""{"message":{"requestId":"r","job":{"id":"j","type":"noop"},"jobData":{"a":{"\uD83D":1}}}}""")]
    public void Half_a_surrogate_pair_in_a_name_is_refused_in_an_envelope_too(string body) =>
        Assert.Throws<WireFormatException>(() => Read<RunJob>(Encoding.UTF8.GetBytes(body), isEnvelope: true));

    [Fact]
    public void An_envelope_cut_off_within_its_message_still_says_whose_it_is()
    {
        var body = """{"messageId":"x","message":{"requestId":"r","job":{"id":"j","type":"no"""u8.ToArray();

        var command = PartialCommand.Read(body, isEnvelope: true);

        Assert.Equal(("r", "j", true), (command.RequestId, command.JobId, command.NamesJob));
    }

    [Theory]
    [InlineData("{}", "A message that names no request and job")]
    [InlineData("""{"requestId":"r"}""", "A command of request r that names no job")]
    [InlineData("""{"requestId":"r","job":{"id":"j"}}""", "Command of request r, job j")]
    public void A_refusal_names_what_it_knows_and_nothing_else(string body, string name) =>
        Assert.Equal(name, PartialCommand.Read(Encoding.UTF8.GetBytes(body), isEnvelope: false).ToString());

    private static void ReadOrRefuse<T>(byte[] body, bool isEnvelope)
        where T : class
    {
        try
        {
            Read<T>(body, isEnvelope);
        }
        catch (WireFormatException error)
        {
            Assert.NotEmpty(error.Message);
        }
    }

    private static T Read<T>(byte[] body, bool isEnvelope)
        where T : class
    {
        Assert.True(WireDeserializer<T>.Read(body, isEnvelope, new DictionarySendHeaders(), null).TryGetMessage<T>(out var message));
        return message!;
    }

    private static void Bodies(int seed, int count, Action<byte[], bool> check)
    {
        var bodies = new AnyBody(seed);
        for (var number = 0; number < count; number++)
        {
            var (body, contentType) = bodies.Next();
            try
            {
                check(body, WireEnvelope.Is(MediaTypeOf(contentType)));
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, body {number}, content type \"{contentType}\": {Encoding.UTF8.GetString(body)}\n{Convert.ToHexString(body)}\n{error}");
            }
        }
    }

    /// <summary>As MassTransit reads it.</summary>
    private static string? MediaTypeOf(string? contentType)
    {
        try
        {
            return string.IsNullOrWhiteSpace(contentType) ? null : new ContentType(contentType).MediaType;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
