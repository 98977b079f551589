using System.CommandLine;
using System.CommandLine.Parsing;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>The options by which the errors commands say which messages they mean.</summary>
internal sealed class ErrorOptions
{
    private static readonly string[] Queues = [Names.RunJob, Names.JobLogRecorded];

    private readonly Option<string?> _queue = new("--queue")
    {
        Description = $"Only the error queue of this queue: {string.Join(" or ", Queues)}.",
        HelpName = "QUEUE",
    };

    private readonly Option<string?> _request = new("--request") { Description = "Only messages of this request.", HelpName = "REQUEST" };
    private readonly Option<string?> _job = new("--job") { Description = "Only messages of this job.", HelpName = "JOB" };
    private readonly Option<long?> _try = new("--try") { Description = "Only messages of this try.", HelpName = "N" };
    private readonly Option<string?> _reason = new("--reason") { Description = "Only messages whose reason holds this text.", HelpName = "TEXT" };
    private readonly Option<TimeSpan?> _olderThan = CommandLine.DurationOption("--older-than", "Only messages that failed longer ago than this.");
    private readonly Option<TimeSpan?> _newerThan = CommandLine.DurationOption("--newer-than", "Only messages that failed more recently than this.");
    private readonly Option<int?> _limit = new("--limit") { HelpName = "N" };

    public ErrorOptions(string limitIfAbsent)
    {
        _limit.Description = $"The most messages; {limitIfAbsent} if absent.";
        _limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var given) && given < 1)
            {
                result.AddError($"--limit is {given}; it must be 1 or more.");
            }
        });
        _queue.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !Queues.Contains(Plain(result.Tokens[0].Value)))
            {
                result.AddError($"--queue is \"{result.Tokens[0].Value}\"; it must be {string.Join(" or ", Queues)}.");
            }
        });
    }

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _queue, _request, _job, _try, _reason, _olderThan, _newerThan, _limit })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>Whether anything but the queue and the limit narrows the selection.</summary>
    public bool Filters(SymbolResult result) =>
        new Option[] { _request, _job, _try, _reason, _olderThan, _newerThan }.Any(option => result.GetResult(option) is not null);

    /// <summary>What they say.</summary>
    public ErrorSelection Read(ParseResult parsed, DateTimeOffset now) => new(
        parsed.GetValue(_queue) is { } queue ? [Plain(queue)] : Queues,
        new ErrorFilter
        {
            RequestId = parsed.GetValue(_request),
            JobId = parsed.GetValue(_job),
            Try = parsed.GetValue(_try),
            Reason = parsed.GetValue(_reason),
            Before = now - parsed.GetValue(_olderThan),
            After = now - parsed.GetValue(_newerThan),
        },
        parsed.GetValue(_limit));

    private static string Plain(string queue) =>
        Array.Find(Queues, plain => queue == Names.ErrorQueue(plain)) ?? queue;
}
