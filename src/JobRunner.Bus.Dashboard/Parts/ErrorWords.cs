using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.Operations;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Dashboard.Parts;

/// <summary>How an action on the error queues is asked back and told.</summary>
internal static class ErrorWords
{
    /// <summary>Every message of some queues.</summary>
    public static string All(IReadOnlyList<string> queues) =>
        $"all {string.Join(" and ", queues.Select(queue => queue == Names.RunJob ? "commands" : "job logs"))}";

    /// <summary>The messages of a group.</summary>
    public static string Group(ErrorGroup group) =>
        $"{(group.Queue == Names.RunJob ? "commands" : "job logs")} {(group.Reason.Length > 0 ? $"with the reason “{group.Reason}”" : "without a reason")}";

    /// <summary>One message.</summary>
    public static string One(ErrorMessage message) =>
        $"the {(message.Queue == Names.RunJob ? "command" : "job log")} of request {Known(message.RequestId)}, job {Known(message.JobId)}"
        + (message.Try is { } number ? $", try {number}" : "");

    /// <summary>What would be done, before it is.</summary>
    public static IReadOnlyList<string> Question(ErrorAction action, ErrorsChanged answer, bool knowsDelivered)
    {
        if (answer.Trouble is { } trouble)
        {
            return [$"This cannot be done now: {trouble}."];
        }

        if (answer.Tally.All == 0)
        {
            return ["There is nothing of this kind any more."];
        }

        List<string> lines = [$"{Words.Count(answer.Tally.All, "message", "messages")}: {Say.Outcomes(answer.Tally, dryRun: true)}.", .. Reasons(answer.Tally)];
        if (!action.IsRetry)
        {
            lines.Add("What is discarded is gone for good.");
        }
        else if (action.Which.Queues.Contains(Names.RunJob) && answer.Tally.Of(RepairKind.SentBack) > 0)
        {
            lines.Add("A command runs as a resume sent now: its scheduler, which was told FAIL, gets another end.");
        }

        if (action.IsRetry && action.Which.Queues.Contains(Names.JobLogRecorded) && !knowsDelivered)
        {
            lines.Add("Which job logs were delivered meanwhile is not known here: all go back, and where one is already stored, its second copy changes nothing.");
        }

        return [.. lines, .. answer.Warnings.Select(Sentence)];
    }

    /// <summary>What was done.</summary>
    public static IReadOnlyList<string> Outcome(ErrorAction action, ErrorsChanged changed)
    {
        var told = Say.Outcomes(changed.Tally, dryRun: false);
        List<string> lines = [$"{Sentence(action.Named)[..^1]}: {(told.Length > 0 ? told : "nothing changed")}.", .. Reasons(changed.Tally)];
        if (changed.Trouble is { } trouble)
        {
            lines.Add($"Broken off: {trouble}.");
            lines.Add(action.IsRetry
                ? "Nothing is lost: what was not removed is still in the error queues. Some of it may have been sent; retry it, and it is recognised."
                : "What was not removed is still in the error queues.");
        }

        return [.. lines, .. changed.Warnings.Select(Sentence)];
    }

    private static IEnumerable<string> Reasons(RepairTally tally) =>
        tally.Reasons.Select(reason => $"{Words.Number(reason.Count)} {(reason.Kind == RepairKind.Kept ? "kept" : "dropped")}: {Say.OneLine(reason.Why)}.");

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}.";

    private static string Known(string? id) => id is null ? "?" : Say.Short(id);
}
