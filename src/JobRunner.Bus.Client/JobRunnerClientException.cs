namespace JobRunner.Bus.Client;

/// <summary>The broker could not be used, or did not take a message. The message says what to do.</summary>
/// <param name="message">What went wrong.</param>
/// <param name="innerException">What the broker's client said.</param>
/// <param name="mayHaveArrived">See <see cref="MayHaveArrived"/>.</param>
public sealed class JobRunnerClientException(string message, Exception? innerException = null, bool mayHaveArrived = false)
    : Exception(message, innerException)
{
    /// <summary>
    /// Whether the message may have reached the broker all the same, because the connection broke before it answered. Ask
    /// <see cref="JobRunnerClient.StatusAsync"/> before sending a job again; a stop does no harm twice.
    /// </summary>
    public bool MayHaveArrived { get; } = mayHaveArrived;
}
