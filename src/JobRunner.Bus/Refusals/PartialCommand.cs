using System.Text.Json;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// What can still be read of a command that could not be understood: whose it is. Reads up to the first byte that is no
/// JSON, so that a truncated command still finds its scheduler.
/// </summary>
internal sealed class PartialCommand
{
    public string RequestId { get; private set; } = "";

    public string JobId { get; private set; } = "";

    public long PrevTries { get; private set; }

    public long TotalTries { get; private set; }

    /// <summary>Whether request and job are known.</summary>
    public bool NamesJob => RequestId.Length > 0 && JobId.Length > 0;

    public static PartialCommand Read(ReadOnlySpan<byte> body)
    {
        var found = new PartialCommand();
        if (body.StartsWith("\uFEFF"u8))
        {
            body = body[3..];
        }

        var reader = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 1000 }));
        try
        {
            found.Read(ref reader);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // As far as it went.
        }

        return found;
    }

    private void Read(ref Utf8JsonReader reader)
    {
        var inJob = false;
        string? property = null;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    property = reader.GetString();
                    continue;
                case JsonTokenType.StartObject when reader.CurrentDepth == 1:
                    inJob = property == "job";
                    break;
                case JsonTokenType.EndObject when reader.CurrentDepth == 1:
                    inJob = false;
                    break;
                case JsonTokenType.String when reader.CurrentDepth == 1 && property == "requestId":
                    RequestId = reader.GetString() ?? "";
                    break;
                case JsonTokenType.String when inJob && reader.CurrentDepth == 2 && property == "id":
                    JobId = reader.GetString() ?? "";
                    break;
                case JsonTokenType.Number when reader.CurrentDepth == 1 && property is "prevTries" or "totalTries":
                    SetCounter(property, ref reader);
                    break;
            }

            property = null;
        }
    }

    private void SetCounter(string property, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var value) || value < 0)
        {
            return;
        }

        if (property == "prevTries")
        {
            PrevTries = value;
        }
        else
        {
            TotalTries = value;
        }
    }
}
