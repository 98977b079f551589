namespace JobRunner.Bus.Delivery;

/// <summary>A job log that its store will never take, however often it is sent. The message says why.</summary>
public sealed class PermanentDeliveryException(
    string message, int? status = null, string answer = "", Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>HTTP status the Request Manager answered with; null when the log was refused without asking it.</summary>
    public int? Status { get; } = status;

    /// <summary>The Request Manager's own words: one line of at most 1,024 UTF-8 bytes; empty when it said nothing.</summary>
    public string Answer { get; } = answer;
}
