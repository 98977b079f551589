using System.Globalization;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.ChaosTests.History;

/// <summary>What tells two logs of one number apart, in short.</summary>
internal static class LogContent
{
    public static string Of(JobLogRecorded log) => Of(log.StartedAt, log.FinishedAt, log.Exit, log.Error, log.Stdout, log.Stderr);

    public static string Of(JsonNode log) => Of(
        (long)log["startedAt"]!, (long)log["finishedAt"]!, (long)log["exit"]!, (string?)log["error"], (string?)log["stdout"], (string?)log["stderr"]);

    private static string Of(long startedAt, long finishedAt, long exit, string? error, string? stdout, string? stderr) =>
        string.Create(CultureInfo.InvariantCulture, $"{startedAt} {finishedAt} {exit} {error} {stdout} {stderr}").TrimEnd();
}
