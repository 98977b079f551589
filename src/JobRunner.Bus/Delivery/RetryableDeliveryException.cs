namespace JobRunner.Bus.Delivery;

/// <summary>A job log that its store could not take this time. The message says why.</summary>
public sealed class RetryableDeliveryException(
    string message, int? status = null, string answer = "", TimeSpan? retryAfter = null, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>HTTP status the Request Manager answered with; null when there was no answer.</summary>
    public int? Status { get; } = status;

    /// <summary>The Request Manager's own words: one line of at most 1,024 UTF-8 bytes; empty when it said nothing.</summary>
    public string Answer { get; } = answer;

    /// <summary>How long the Request Manager asked to be left alone (<c>Retry-After</c>); null when it did not ask.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>Whether the store as a whole is out of service, by what it says; else this log may be to blame.</summary>
    public bool StoreIsDown { get; init; }
}
