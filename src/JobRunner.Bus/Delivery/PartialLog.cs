using System.Text.Json;

namespace JobRunner.Bus.Delivery;

/// <summary>Whose a job log is, as far as its body can be read.</summary>
internal sealed class PartialLog
{
    public string RequestId { get; private set; } = "";

    public string JobId { get; private set; } = "";

    public long? Try { get; private set; }

    /// <summary>When the try ended, Unix nanoseconds; 0 if it is not told, or never started.</summary>
    public long FinishedAt { get; private set; }

    public static PartialLog Read(ReadOnlySpan<byte> body)
    {
        var found = new PartialLog();
        if (body.StartsWith("\uFEFF"u8))
        {
            body = body[3..];
        }

        var reader = new Utf8JsonReader(body, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 1000 }));
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1)
                {
                    found.ReadProperty(ref reader);
                }
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // As far as it went.
        }

        return found;
    }

    private void ReadProperty(ref Utf8JsonReader reader)
    {
        var name = reader.GetString();
        if (!reader.Read())
        {
            return;
        }

        switch (name)
        {
            case "requestId" when reader.TokenType == JsonTokenType.String:
                RequestId = reader.GetString() ?? "";
                break;
            case "jobId" when reader.TokenType == JsonTokenType.String:
                JobId = reader.GetString() ?? "";
                break;
            case "try" when reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number):
                Try = number;
                break;
            case "finishedAt" when reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var time):
                FinishedAt = time;
                break;
        }
    }
}
