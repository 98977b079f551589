using System.Text;
using System.Text.Json.Nodes;
using CsCheck;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>What is written, read and written again is the same to the byte.</summary>
public sealed class WirePropertyTests
{
    // Any character but a lone half of a pair, which no UTF-8 text can hold.
    private static readonly Gen<string> Text = Gen.Int[0, 0x10FFFF]
        .Select(code => Rune.IsValid(code) ? new Rune(code).ToString() : "\0")
        .Array[0, 12].Select(string.Concat);

    private static readonly Gen<string?> OptionalText = Gen.OneOf(Text.Select(text => (string?)text), Gen.Const((string?)null));

    private static readonly Gen<JobState> State = Gen.Byte.Select(state => (JobState)state);

    private static readonly Gen<JsonObject> Data =
        Gen.Select(Text, Gen.OneOf(
                Text.Select(text => (Func<JsonNode?>)(() => text)),
                Gen.Long.Select(number => (Func<JsonNode?>)(() => number)),
                Gen.Double.Where(double.IsFinite).Select(number => (Func<JsonNode?>)(() => number)),
                Gen.Bool.Select(flag => (Func<JsonNode?>)(() => flag)),
                Gen.Bool.Select(_ => (Func<JsonNode?>)(() => null)),
                Text.Select(text => (Func<JsonNode?>)(() => new JsonObject { ["in"] = new JsonArray(text, 1) }))))
            .Array[0, 4].Select(fields =>
            {
                var data = new JsonObject();
                foreach (var (name, value) in fields)
                {
                    data[name] = value();
                }

                return data;
            });

    private static readonly Gen<DateTimeOffset?> Time = Gen.OneOf(
        Gen.Long[0, DateTime.MaxValue.Ticks].Select(ticks => (DateTimeOffset?)new DateTimeOffset(ticks, TimeSpan.Zero)),
        Gen.Const((DateTimeOffset?)null));

    private static readonly Gen<Job> Jobs = Gen.Select(
        Gen.Select(Text, Text, Text, Gen.Byte.Array[0, 40], State),
        Gen.Select(Data, Data, Gen.Bool, Gen.Long, OptionalText),
        Gen.Select(Text, Gen.Long, OptionalText),
        (one, two, three) => new Job
        {
            Id = one.Item1,
            Name = one.Item2,
            Type = one.Item3,
            Bytes = one.Item4,
            State = one.Item5,
            Args = two.Item3 ? two.Item1 : null,
            Data = two.Item3 ? null : two.Item2,
            Retry = two.Item4,
            RetryWait = two.Item5,
            SequenceId = three.Item1,
            SequenceRetry = three.Item2,
            SequenceRetryWait = three.Item3,
        });

    [Fact]
    public void RunJob() => Gen.Select(
        Text, Jobs, Data, Gen.Long, Gen.Long, Time, OptionalText,
        (request, job, data, prev, total, sentAt, timeout) => new RunJob
        {
            RequestId = request,
            Job = job,
            JobData = data,
            PrevTries = prev,
            TotalTries = total,
            SentAt = sentAt,
            Timeout = timeout,
        }).Sample(Check);

    [Fact]
    public void StopJob() => Gen.Select(
        Text, OptionalText, Time, (request, job, sentAt) => new StopJob { RequestId = request, JobId = job, SentAt = sentAt }).Sample(Check);

    [Fact]
    public void StopJobReply() => Gen.Select(
        Text, Text, Text, State, OptionalText, Text,
        (request, job, outcome, state, error, worker) => new StopJobReply
        {
            RequestId = request,
            JobId = job,
            Outcome = outcome,
            FinalState = state,
            Error = error,
            Worker = worker,
        }).Sample(Check);

    [Fact]
    public void JobLogRecorded() => Gen.Select(
        Gen.Select(Text, Text, Text, Text), Gen.Select(Gen.Long, Gen.Long, Gen.Long, Gen.Long), Gen.Select(State, Text, Text, Text),
        (ids, numbers, result) => new JobLogRecorded
        {
            RequestId = ids.Item1,
            JobId = ids.Item2,
            Name = ids.Item3,
            Type = ids.Item4,
            Try = numbers.Item1,
            StartedAt = numbers.Item2,
            FinishedAt = numbers.Item3,
            Exit = numbers.Item4,
            State = result.Item1,
            Error = result.Item2,
            Stdout = result.Item3,
            Stderr = result.Item4,
        }).Sample(Check);

    [Fact]
    public void JobFinished() => Gen.Select(
        Text, Text, State, Gen.Select(Gen.Long, Gen.Long, Gen.Long), Data, OptionalText,
        (request, job, state, tries, data, error) => new JobFinished
        {
            RequestId = request,
            JobId = job,
            FinalState = state,
            Tries = tries.Item1,
            PrevTries = tries.Item2,
            TotalTries = tries.Item3,
            JobData = data,
            Error = error,
        }).Sample(Check);

    [Fact]
    public void GetRunnerStatus() => Gen.Select(
        OptionalText, OptionalText, (request, job) => new GetRunnerStatus { RequestId = request, JobId = job }).Sample(Check);

    [Fact]
    public void RunnerStatus() => Gen.Select(
        Gen.Select(Text, Text, Text, Text), Gen.Select(Gen.Long, Gen.Long, State), OptionalText, Gen.Bool,
        (ids, numbers, status, sleeping) => new RunnerStatus
        {
            RequestId = ids.Item1,
            JobId = ids.Item2,
            Name = ids.Item3,
            Type = ids.Item4,
            StartedAt = numbers.Item1,
            Try = numbers.Item2,
            State = numbers.Item3,
            Status = status,
            Sleeping = sleeping,
            Worker = ids.Item1,
        }).Sample(Check);

    [Fact]
    public void JobChain() => Gen.Select(
        Text, Jobs.Array[0, 4], State, Gen.Long,
        (request, jobs, state, finished) => new JobChain
        {
            RequestId = request,
            Jobs = jobs.DistinctBy(job => job.Id).ToDictionary(job => job.Id),
            AdjacencyList = jobs.DistinctBy(job => job.Id).ToDictionary(
                job => job.Id, IReadOnlyList<string> (job) => [job.Name, job.Type]),
            State = state,
            FinishedJobs = finished,
        }).Sample(Check);

    [Fact]
    public void Every_text_comes_back_as_it_was() => Text.Sample(text =>
    {
        var log = Wire.Deserialize<JobLogRecorded>(Wire.Serialize(new JobLogRecorded { Stdout = text, Error = text }));
        Assert.Equal(text, log.Stdout);
        Assert.Equal(text, log.Error);
    });

    private static void Check<T>(T message)
        where T : class
    {
        var bytes = Wire.Serialize(message);
        Assert.Equal(bytes, Wire.Serialize(Wire.Deserialize<T>(bytes)));
    }
}
