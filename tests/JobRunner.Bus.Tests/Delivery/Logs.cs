using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Tests.Delivery;

internal static class Logs
{
    public const string RequestId = "c0ffee0000000000abcd";
    public const string JobId = "9vKx";

    public static JobLogRecorded Log(long @try = 1, string requestId = RequestId, string jobId = JobId) => new()
    {
        RequestId = requestId,
        JobId = jobId,
        Try = @try,
        Name = "stop-host",
        Type = "shell-command",
        StartedAt = 1_753_000_000_123_456_789,
        FinishedAt = 1_753_000_001_987_654_321,
        State = JobState.Fail,
        Exit = -9_007_199_254_740_993,
        Error = "exit status 1",
        Stdout = "línea \"1\"\n",
        Stderr = "",
    };
}
