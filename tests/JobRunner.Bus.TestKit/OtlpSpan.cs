namespace JobRunner.Bus.TestKit;

/// <summary>A span as it was exported.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">Internal, Server, Client, Producer or Consumer.</param>
/// <param name="TraceId">Its trace, in hexadecimal.</param>
/// <param name="SpanId">Its id, in hexadecimal.</param>
/// <param name="ParentId">The span it is a child of; empty for none.</param>
/// <param name="Start">When it began, Unix nanoseconds.</param>
/// <param name="End">When it ended, Unix nanoseconds.</param>
/// <param name="Failed">Whether its status is Error.</param>
/// <param name="Attributes">Its attributes as text.</param>
/// <param name="Instance">Which process exported it: <c>service.instance.id</c>.</param>
/// <param name="Links">Ids of the spans it is linked to.</param>
public sealed record OtlpSpan(
    string Name,
    string Kind,
    string TraceId,
    string SpanId,
    string ParentId,
    long Start,
    long End,
    bool Failed,
    IReadOnlyDictionary<string, string> Attributes,
    string Instance,
    IReadOnlyList<string> Links)
{
    /// <summary>An attribute; empty when it is not there.</summary>
    public string this[string attribute] => Attributes.GetValueOrDefault(attribute, "");
}
