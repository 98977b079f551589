namespace JobRunner.Bus.Delivery;

/// <summary>Why a log was not taken, in the words for a person.</summary>
internal static class ErrorReasons
{
    /// <summary>The message; of an error that no rule names, its type too.</summary>
    public static string Reason(this Exception error) =>
        error is RetryableDeliveryException or PermanentDeliveryException ? error.Message : $"{error.GetType().Name}: {error.Message}";
}
