using System.Text.Json;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>Whose a log or an end is.</summary>
internal static class Ids
{
    public static (string RequestId, string JobId) Of(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        string? request = null, job = null;
        reader.Read();
        while ((request is null || job is null) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isRequest = reader.ValueTextEquals("requestId"u8);
            var isJob = reader.ValueTextEquals("jobId"u8);
            reader.Read();
            if (isRequest)
            {
                request = reader.GetString();
            }
            else if (isJob)
            {
                job = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }

        return (request ?? "", job ?? "");
    }
}
