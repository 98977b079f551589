namespace JobRunner.Bus.Errors;

/// <summary>Reasons travel in message headers, and headers must fit into one AMQP frame.</summary>
internal static class Reasons
{
    private const int MaxCharacters = 2000;

    public static string Bounded(string reason) =>
        reason.Length <= MaxCharacters ? reason : $"{reason[..MaxCharacters]}… ({reason.Length - MaxCharacters} more characters)";
}
