namespace JobRunner.Bus.Jobs.Http;

/// <summary>Bytes of an <c>http-request</c> job.</summary>
internal sealed record HttpRequestBytes
{
    /// <summary>GET unless given.</summary>
    public string? Method { get; init; }

    /// <summary>An absolute http or https address; <c>user:password@</c> in it becomes basic authentication.</summary>
    public string? Url { get; init; }

    /// <summary>Headers to send.</summary>
    public IReadOnlyDictionary<string, string?>? Headers { get; init; }

    /// <summary>Body to send, as UTF-8; none unless given.</summary>
    public string? Body { get; init; }

    /// <summary>Statuses that mean success; any 2xx unless given.</summary>
    public IReadOnlyList<int>? ExpectedStatuses { get; init; }

    /// <summary>Whether to follow redirects; not unless given.</summary>
    public bool? FollowRedirects { get; init; }
}
