using System.Globalization;
using System.Security.Claims;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;

namespace JobRunner.Bus.Dashboard.Parts;

/// <summary>How things are said on a page. What is text there needs no care here: the renderer writes text, never markup.</summary>
internal static class Words
{
    private const int Longest = 200;

    /// <summary>A number, with its thousands apart.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number of things.</summary>
    public static string Count(long number, string one, string many) => $"{Number(number)} {(number == 1 ? one : many)}";

    /// <summary>A number that may not be known.</summary>
    public static string Known(long? number) => number is { } known ? Number(known) : "–";

    /// <summary>A length of time, in whole seconds: 12s, 3m05s, 2h07m, 3d04h.</summary>
    public static string Length(TimeSpan length) => length switch
    {
        { Ticks: < 0 } => "0s",
        { TotalMinutes: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.Seconds}s"),
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.Minutes}m{length.Seconds:00}s"),
        { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.Hours}h{length.Minutes:00}m"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{length.Days}d{length.Hours:00}h"),
    };

    /// <summary>For how long a run has been there; nothing where its worker does not say.</summary>
    public static string Age(RunnerStatus run, DateTimeOffset now) =>
        run.StartedAt > 0 ? Length(now - DateTimeOffset.UnixEpoch.AddTicks(run.StartedAt / 100)) : "–";

    /// <summary>The state of a run. Spin Cycle has none for a run that waits for its next try: to it, it is RUNNING.</summary>
    public static string State(RunnerStatus run) => run.Sleeping ? "WAITING" : run.State.ToSeedName();

    /// <summary>Who looks, for the log.</summary>
    public static string Who(ClaimsPrincipal visitor) =>
        visitor.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? Say.Short(name) : "somebody on this machine";

    /// <summary>A text of somebody else's, no longer than a row of a table can bear.</summary>
    public static string Short(string? text) => text is null || text.Length <= Longest ? text ?? "" : $"{text[..(Longest - 1)]}…";
}
