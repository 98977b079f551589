using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Topology;

/// <summary>Says what differs between what a worker needs and what the broker has, and what to do about it.</summary>
internal static partial class PreflightWords
{
    private const string OtherHost = "or give the workers a virtual host of their own";

    /// <summary>A refusal to declare an exchange, other than for lack of permission.</summary>
    public static PreflightFinding OfExchange(ExchangePart exchange, string reply)
    {
        var what = $"exchange {exchange.Name}";
        var (argument, current) = Difference(reply);
        return argument is null
            ? Unexpected(what, reply)
            : new PreflightFinding(
                what,
                PreflightVerdict.Wrong,
                $"Exchange {exchange.Name} exists with {argument} {current}; workers need a durable exchange of type {exchange.Type}",
                $"Delete the exchange if nothing else uses it (its bindings go with it), {OtherHost}");
    }

    /// <summary>A refusal to declare a queue, other than for lack of permission.</summary>
    public static PreflightFinding OfQueue(QueuePart queue, string reply)
    {
        var what = $"{(queue.IsStream ? "stream" : "queue")} {queue.Name}";
        var (argument, current) = Difference(reply);
        return argument switch
        {
            null => Unexpected(what, reply),
            "x-queue-type" or "durable" or "exclusive" or "auto_delete" => new PreflightFinding(
                what,
                PreflightVerdict.Wrong,
                $"Queue {queue.Name} exists, but it is no {(queue.IsStream ? "stream" : "quorum queue")}: its {argument} is {current}",
                $"Take its messages out, delete it and start the worker again, which makes it anew, {OtherHost}"),
            "x-max-age" when Setting(queue.Name) is { } setting => OfAge(queue, setting, current),
            _ => new PreflightFinding(
                what,
                PreflightVerdict.Wrong,
                $"{Capital(what)} exists with {argument} {current}, not {Wanted(queue, argument)}",
                $"It was made by somebody else or by another version. Delete it when it is empty and start the worker again, {OtherHost}"),
        };
    }

    private static PreflightFinding OfAge(QueuePart queue, string setting, string current) => new(
        $"stream {queue.Name}",
        PreflightVerdict.Wrong,
        $"Stream {queue.Name} exists with x-max-age={current}, but {setting} is {Wanted(queue, "x-max-age")}",
        (Age(current) is { } age ? $"Set {setting}={age} on every worker" : $"Give every worker the same {setting}")
        + $". To change it: end all workers when {Names.RunJob} and the {Names.RunJobWait} queues are empty, delete the stream, start them with the new setting; "
        + (queue.Name == Names.JobJournal ? "what was tried before is forgotten" : "stops from before are forgotten"));

    private static PreflightFinding Unexpected(string what, string reply) => new(
        what,
        PreflightVerdict.Wrong,
        $"The broker refuses {what}: {reply}",
        reply.Contains("feature flag", StringComparison.OrdinalIgnoreCase)
            ? "Enable it: rabbitmqctl enable_feature_flag all"
            : "RabbitMQ 3.10 or newer is needed, with quorum queues and streams allowed by its policies and limits");

    private static string? Setting(string stream) => stream switch
    {
        Names.StopJob => OptionRules.EnvironmentName(WorkerOptions.Section, nameof(WorkerOptions.StopRetention)),
        Names.JobJournal => OptionRules.EnvironmentName(WorkerOptions.Section, nameof(WorkerOptions.JournalRetention)),
        _ => null,
    };

    // RabbitMQ's ages are a number and a unit: Y, M, D, h, m, s. Settings have no unit beyond hours.
    private static string? Age(string age)
    {
        if (age.Length < 2 || !long.TryParse(age.AsSpan(0, age.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count > 1_000_000_000)
        {
            return null;
        }

        var seconds = age[^1] switch { 'Y' => 365 * 86_400, 'M' => 30 * 86_400, 'D' => 86_400, 'h' => 3_600, 'm' => 60, 's' => 1, _ => 0 } * count;
        return seconds is > 0 and < 4_000_000_000 ? WaitSteps.NameOf(TimeSpan.FromSeconds(seconds)) : null;
    }

    private static string Wanted(QueuePart queue, string argument) =>
        queue.Arguments.TryGetValue(argument, out var wanted) && wanted is not null ? Convert.ToString(wanted, CultureInfo.InvariantCulture)! : "none";

    public static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    // inequivalent arg 'x' for queue 'q' in vhost 'v': received the value 'a' of type 'longstr' but current is none
    private static (string? Argument, string Current) Difference(string reply) =>
        Inequivalent().Match(reply) is { Success: true } match
            ? (match.Groups["argument"].Value, match.Groups["current"] is { Success: true } current ? current.Value : "not set")
            : (null, "");

    [GeneratedRegex("inequivalent arg '(?<argument>[^']+)'.* but current is (none|(the value )?'(?<current>[^']*)')")]
    private static partial Regex Inequivalent();
}
