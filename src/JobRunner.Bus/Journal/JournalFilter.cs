namespace JobRunner.Bus.Journal;

/// <summary>
/// Whatever reaches the stream <c>job-journal</c> names its request, and a look-up asks for the requests that it is about: RabbitMQ 3.13
/// and later then leave out most of what others wrote. Older ones overlook both, and send everything.
/// </summary>
internal static class JournalFilter
{
    /// <summary>More values than this would match nearly every chunk of a busy stream.</summary>
    private const int MostRequests = 16;

    /// <summary>The header that RabbitMQ files a message of a stream under.</summary>
    public const string ValueHeader = "x-stream-filter-value";

    /// <summary>Whether these requests are few enough to be asked for.</summary>
    public static bool IsAsked(IReadOnlyCollection<string> requestIds) => requestIds.Count <= MostRequests;

    /// <summary>Adds to a consumer's arguments that only these requests matter. What names no request comes, too.</summary>
    public static void Ask(Dictionary<string, object?> arguments, IReadOnlyCollection<string> requestIds)
    {
        if (IsAsked(requestIds))
        {
            arguments["x-stream-filter"] = requestIds.ToList<object>();
            arguments["x-stream-match-unfiltered"] = true;
        }
    }
}
