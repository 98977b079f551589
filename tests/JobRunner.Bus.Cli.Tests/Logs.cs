using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Job logs for tests; they start at noon.</summary>
internal static class Logs
{
    public const long Start = 1_767_355_200_000_000_000;

    public static JobLogRecorded Of(string id, long number, JobState state, long milliseconds, long exit = 0, string error = "") => new()
    {
        RequestId = "req",
        JobId = id,
        Name = "archive",
        Type = "shell-command",
        Try = number,
        State = state,
        StartedAt = Start,
        FinishedAt = Start + (milliseconds * 1_000_000),
        Exit = exit,
        Error = error,
    };
}
