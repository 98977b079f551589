using System.Globalization;
using System.Text;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>Bodies that nobody expected: whatever the bytes, a reader answers with a message or one kind of exception.</summary>
public sealed class WireFuzzTests
{
    private const int Bodies = 100_000;

    /// <summary>Set it to a printed seed to see that failure again.</summary>
    private const string SeedVariable = "JOBRUNNER_TEST_SEED";

    private static readonly string[] Pieces =
    [
        "\\ud800", "\\udc00", "\"\\ud800xx\":1,", "\\u0000", "null", "[]", "{}", "{", "}", "[", "]", "\"", ",", ":", "-1", "1e999", "256", "9223372036854775808",
        "\"a\":1,\"a\":2,", "\"RequestId\":\"r\",", "\"sentAt\":\"0001-01-01T00:00:00Z\",", "\"sentAt\":\"2016-12-31T23:59:60Z\",", "\"bytes\":{},", "\uFEFF", "/**/", "NaN",
    ];

    private static readonly byte[] RunJobBody = """
        {"requestId":"r","job":{"id":"j","type":"t","bytes":"YWJj","state":1,"args":{"a":[1,{"b":null}]},"data":{"c":"d"},"retry":2,"retryWait":"5s"},
        "jobData":{"k":{"deep":["x",1.5,true]}},"prevTries":1,"totalTries":3,"sentAt":"2026-01-02T03:04:05Z","timeout":"1m","more":{"kept":[1]}}
        """u8.ToArray();

    private static readonly byte[] StopJobBody = """{"requestId":"r","jobId":"j","sentAt":"2026-01-02T03:04:05.123+02:00","more":"kept"}"""u8.ToArray();

    private static readonly byte[] LogBody = """
        {"requestId":"r","jobId":"j","try":1,"name":"n","type":"t","startedAt":1767323045000000000,"finishedAt":1767323046000000000,"state":3,"exit":0,"error":"",
        "stdout":"o\nü","stderr":"\u00e9"}
        """u8.ToArray();

    private static readonly byte[] FinishedBody = """{"requestId":"r","jobId":"j","finalState":4,"tries":2,"jobData":{"k":1},"prevTries":1,"totalTries":3,"error":"e"}"""u8.ToArray();

    private static readonly byte[] StatusBody = """
        {"requestId":"r","jobId":"j","type":"t","name":"n","startedAt":1,"state":2,"status":"s","try":1,"sleeping":true,"worker":"w"}
        """u8.ToArray();

    private static readonly byte[] ChainBody = """
        {"requestId":"r","jobs":{"a":{"id":"a","type":"t"},"b":{"id":"b","type":"t"}},"adjacencyList":{"a":["b"]},"state":1,"finishedJobs":0}
        """u8.ToArray();

    [Fact]
    public void RunJob_is_read_or_refused() => Fuzz<RunJob>(RunJobBody, command => _ = (command.JobData.Count, command.Job.Args?.Count, command.Job.Data?.Count));

    [Fact]
    public void StopJob_is_read_or_refused() => Fuzz<StopJob>(StopJobBody);

    [Fact]
    public void JobLogRecorded_is_read_or_refused() => Fuzz<JobLogRecorded>(LogBody);

    [Fact]
    public void JobFinished_is_read_or_refused() => Fuzz<JobFinished>(FinishedBody, finished => _ = finished.JobData.Count);

    [Fact]
    public void RunnerStatus_is_read_or_refused() => Fuzz<RunnerStatus>(StatusBody);

    [Fact]
    public void RunnerStatuses_is_read_or_refused() => Fuzz<RunnerStatuses>([.. "{\"runners\":["u8, .. StatusBody, .. "]}"u8], all => _ = all.Runners.Count);

    [Fact]
    public void GetRunnerStatus_is_read_or_refused() => Fuzz<GetRunnerStatus>(StopJobBody);

    [Fact]
    public void DrainWorker_is_read_or_refused() => Fuzz<DrainWorker>("""{"by":"ada","x":[1]}"""u8.ToArray());

    [Fact]
    public void JobChain_is_read_or_refused() => Fuzz<JobChain>(ChainBody);

    private static void Fuzz<T>(byte[] body, Action<T>? look = null)
        where T : class
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={seed}");
        var choices = new Random(seed);
        Wire.Deserialize<T>(body);
        var (read, refused) = (0, 0);
        for (var number = 0; number < Bodies; number++)
        {
            var mutated = Mutate(body, choices);
            try
            {
                var message = Wire.Deserialize<T>(mutated);
                look?.Invoke(message);
                // What was read can be passed on.
                Wire.Deserialize<T>(Wire.Serialize(message));
                read++;
            }
            catch (WireFormatException)
            {
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"{SeedVariable}={seed}, body {number}: {error.GetType()}: {error.Message} from {Convert.ToBase64String(mutated)}");
            }
        }

        // Mutations that are all refused, or none, would show nothing.
        Assert.InRange(read, Bodies / 100, Bodies);
        Assert.InRange(refused, Bodies / 100, Bodies);
    }

    private static byte[] Mutate(byte[] body, Random choices)
    {
        List<byte> bytes = [.. body];
        for (var changes = 1 + choices.Next(3); changes > 0; changes--)
        {
            var place = choices.Next(bytes.Count);
            var length = Math.Min(choices.Next(8), bytes.Count - place);
            switch (choices.Next(6))
            {
                case 0:
                    bytes[place] = (byte)choices.Next(256);
                    break;
                case 1:
                    bytes.RemoveRange(place, Math.Min(length, bytes.Count - 1));
                    break;
                case 2:
                    bytes.InsertRange(place, bytes.GetRange(place, length));
                    break;
                case 3:
                    bytes[place] ^= (byte)(1 << choices.Next(8));
                    break;
                default:
                    // Where a name begins, a piece with a name fits.
                    var name = bytes.FindIndex(place, one => one == (byte)'"');
                    bytes.InsertRange(choices.Next(2) == 0 || name < 0 ? place : name, Encoding.UTF8.GetBytes(Pieces[choices.Next(Pieces.Length)]));
                    break;
            }
        }

        return [.. bytes];
    }
}
