namespace JobRunner.Bus.Refusals;

/// <summary>Reasons travel in message headers, and headers must fit into one AMQP frame.</summary>
internal static class Reasons
{
    private const int MaxCharacters = 2000;

    private const int RoomForCount = 40;

    /// <summary>The reason, at most 2,000 characters of it; bounded again it stays as it is.</summary>
    public static string Bounded(string reason)
    {
        if (reason.Length <= MaxCharacters)
        {
            return reason;
        }

        // No half of a surrogate pair: it could not be written as UTF-8.
        var kept = MaxCharacters - RoomForCount - (char.IsHighSurrogate(reason[MaxCharacters - RoomForCount - 1]) ? 1 : 0);
        return $"{reason[..kept]}… ({reason.Length - kept} more characters)";
    }
}
