using System.Text.Json;
using JobRunner.Bus.Serialization;

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

    /// <summary>Reads a command out of its envelope, if it has one.</summary>
    public static PartialCommand Read(byte[] body, bool isEnvelope) => Read((isEnvelope ? WireEnvelope.Open(body) : body).Span);

    public static PartialCommand Read(ReadOnlySpan<byte> json)
    {
        var found = new PartialCommand();
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 1000 }));
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
                case JsonTokenType.Number when reader.CurrentDepth == 1 && reader.TryGetInt64(out var value) && value >= 0:
                    (PrevTries, TotalTries) = (property == "prevTries" ? value : PrevTries, property == "totalTries" ? value : TotalTries);
                    break;
            }

            property = null;
        }
    }

    /// <summary>Whose command it is, for people.</summary>
    public override string ToString() => NamesJob
        ? $"Command of request {Reasons.Bounded(RequestId)}, job {Reasons.Bounded(JobId)}"
        : RequestId.Length > 0 ? $"A command of request {Reasons.Bounded(RequestId)} that names no job" : "A message that names no request and job";
}
