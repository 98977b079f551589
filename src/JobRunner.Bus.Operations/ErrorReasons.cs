using System.Text.RegularExpressions;

namespace JobRunner.Bus.Operations;

/// <summary>Groups messages of the error queues: reasons that differ in ids and numbers alone are one.</summary>
internal static partial class ErrorReasons
{
    /// <summary>The reasons, the commonest first, each with how many messages it has.</summary>
    public static IReadOnlyList<(string Reason, int Count)> Group(IEnumerable<string> reasons) =>
    [
        .. reasons
            .GroupBy(KindOf)
            .Select(group => (group.Key, group.Count()))
            .OrderByDescending(group => group.Item2)
            .ThenBy(group => group.Key, StringComparer.Ordinal),
    ];

    /// <summary>A reason without what differs from message to message.</summary>
    public static string KindOf(string reason) => Varying().Replace(Say.Short(reason), "…");

    // Quoted words, request ids and long numbers; not the number of an error or a status.
    [GeneratedRegex("""(?<=")[^"\s]+(?=")|(?<=')[^'\s]+(?=')|\b[0-9a-v]{20}\b|\b\d{5,}\b""")]
    private static partial Regex Varying();
}
