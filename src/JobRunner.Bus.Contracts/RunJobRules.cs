using System.Globalization;
using System.Text.Json;

namespace JobRunner.Bus.Contracts;

/// <summary>What a <see cref="RunJob"/> must hold to be run. Every rule broken is told, not just the first.</summary>
public static class RunJobRules
{
    /// <summary>Highest try number the Request Manager's column (SMALLINT) holds.</summary>
    public const long MaxTry = short.MaxValue;

    /// <summary>Checks a command.</summary>
    /// <exception cref="ArgumentException">The command cannot be run; its message says all that is wrong.</exception>
    public static void Require(RunJob command)
    {
        var wrong = Check(command);
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", wrong));
        }
    }

    /// <summary>Checks a command; the list of what is wrong is empty for a good one.</summary>
    public static IReadOnlyList<string> Check(RunJob command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var job = command.Job;
        List<string>? wrong = null;

        var jobName = Misspelt(command.Unknown, "job") ?? "job";
        Require(command.RequestId, "requestId", Misspelt(command.Unknown, "requestId"));
        Require(job.Id, "job.id", jobName == "job" ? Misspelt(job.Unknown, "id") : jobName);
        Require(job.Type, "job.type", jobName == "job" ? Misspelt(job.Unknown, "type") : jobName);
        if (job.Retry < 0)
        {
            (wrong ??= []).Add($"job.retry is {job.Retry}; it must be 0 or more");
        }
        else if (job.Retry >= MaxTry)
        {
            (wrong ??= []).Add($"job.retry is {job.Retry}; it must be at most {MaxTry - 1}: "
                + $"a Request Manager holds try numbers up to {MaxTry}, and the first try is none of the retries");
        }
        else if (command.PrevTries < 0 || command.PrevTries > 1 + job.Retry)
        {
            (wrong ??= []).Add($"prevTries is {command.PrevTries}; it must be from 0 to 1 + job.retry = {1 + job.Retry}");
        }

        if (command.TotalTries < 0 || command.TotalTries >= MaxTry)
        {
            (wrong ??= []).Add($"totalTries is {command.TotalTries}; it must be from 0 to {MaxTry - 1}: "
                + $"a Request Manager holds try numbers up to {MaxTry}");
        }

        CheckDuration(job.RetryWait, "job.retryWait");
        CheckDuration(job.RetryWaitMax, "job.retryWaitMax");
        CheckNumber(job.RetryBackoff, 1, RetryDelay.MaxBackoff, "job.retryBackoff");
        CheckNumber(job.RetryJitter, 0, 1, "job.retryJitter");
        CheckDuration(command.Timeout, "timeout");
        CheckDuration(command.Heartbeat, "heartbeat");
        return wrong ?? (IReadOnlyList<string>)[];

        void Require(string value, string field, string? misspelt)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                (wrong ??= []).Add($"{field} is missing or empty" + (misspelt is null ? "" : $"; there is a \"{misspelt}\", but names are camelCase"));
            }
        }

        static string? Misspelt(IDictionary<string, JsonElement>? unknown, string name) =>
            unknown?.Keys.FirstOrDefault(key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase));

        void CheckNumber(double? value, double least, double most, string field)
        {
            if (!(value is null || (value >= least && value <= most)))
            {
                (wrong ??= []).Add(string.Create(CultureInfo.InvariantCulture, $"{field} is {value}; it must be from {least} to {most}"));
            }
        }

        void CheckDuration(string? value, string field)
        {
            if (!GoDuration.TryParse(value, out var duration))
            {
                (wrong ??= []).Add($"{field} \"{value}\" is not a duration such as \"500ms\", \"1.5s\" or \"1h30m\"");
            }
            else if (duration.Nanoseconds < 0)
            {
                (wrong ??= []).Add($"{field} \"{value}\" is negative");
            }
        }
    }
}
