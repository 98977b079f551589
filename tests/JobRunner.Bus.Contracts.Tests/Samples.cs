using System.Text.Json.Nodes;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>One message of every kind with every field filled.</summary>
internal static class Samples
{
    public static Job Job => new()
    {
        Id = "ab1Z",
        Name = "say <hello> & \"good-bye\" ü😀",
        Type = "shell-command",
        Bytes = """{"cmd":"/bin/echo","args":["hello"]}"""u8.ToArray(),
        State = JobState.Pending,
        Args = new JsonObject { ["host"] = "db-1", ["ports"] = new JsonArray(3306, 3307) },
        Data = new JsonObject { ["lag"] = 1.5, ["none"] = null },
        Retry = 3,
        RetryWait = "1m30s",
        SequenceId = "ab1Z",
        SequenceRetry = 2,
        SequenceRetryWait = "500ms",
    };

    public static RunJob RunJob => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        Job = Job,
        JobData = new JsonObject { ["big"] = 9007199254740993, ["text"] = "a\nb\0" },
        PrevTries = 1,
        TotalTries = 5,
        SentAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1_234_567),
        Timeout = "10m",
    };

    public static JobLogRecorded JobLog => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        JobId = "ab1Z",
        Try = 6,
        Name = "say hello",
        Type = "shell-command",
        StartedAt = 1_767_323_045_123_456_789,
        FinishedAt = 1_767_323_046_123_456_789,
        State = JobState.Fail,
        Exit = 7,
        Error = "exit status 7",
        Stdout = "hello\n\0\u2028",
        Stderr = "",
    };

    public static JobFinished JobFinished => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        JobId = "ab1Z",
        FinalState = JobState.Stopped,
        Tries = 2,
        JobData = new JsonObject { ["done"] = new JsonArray("a") },
        PrevTries = 2,
        TotalTries = 7,
        Error = "worker died 5 times",
    };

    public static StopJob StopJob => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        JobId = "ab1Z",
        SentAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
    };

    public static StopJobReply StopJobReply => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        JobId = "ab1Z",
        Outcome = "stopped-while-running",
        FinalState = JobState.Stopped,
        Error = "could not stop",
        Worker = "host-1234-x7",
    };

    public static GetRunnerStatus GetRunnerStatus => new() { RequestId = "bj5r4sd9v3h0b3l4m2o0", JobId = "ab1Z" };

    public static RunnerStatus RunnerStatus => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        JobId = "ab1Z",
        Type = "shell-command",
        Name = "say hello",
        StartedAt = 1_767_323_045_123_456_789,
        State = JobState.Running,
        Status = "(retry sleep) done",
        Try = 6,
        Sleeping = true,
        Worker = "host-1234-x7",
    };

    public static WorkerStatus WorkerStatus => new() { Worker = "host-1234-x7", Runners = 40, Slots = 16, SlotsInUse = 3, Roles = "Run,Report", Version = "0.1.0", StartedAt = 1_767_323_045_123_456_789, NotReady = "draining, told by ada", Drain = "draining" };

    public static JobChain JobChain => new()
    {
        RequestId = "bj5r4sd9v3h0b3l4m2o0",
        Jobs = new Dictionary<string, Job> { ["ab1Z"] = Job, ["zz9y"] = new() { Id = "zz9y", Type = "noop", SequenceId = "ab1Z" } },
        AdjacencyList = new Dictionary<string, IReadOnlyList<string>> { ["ab1Z"] = ["zz9y"], ["zz9y"] = [] },
        State = JobState.Running,
        FinishedJobs = 1,
    };
}
