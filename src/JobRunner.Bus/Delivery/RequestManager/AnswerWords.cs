using System.Text;
using System.Text.Json;
using JobRunner.Bus.Record;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>The words in an error answer of the Request Manager.</summary>
internal static class AnswerWords
{
    /// <summary>Most UTF-8 bytes of words kept: they travel in message headers.</summary>
    public const int MaxBytes = 1024;

    /// <summary>
    /// The <c>message</c> of a Spin Cycle error (<c>{"message","requestId","httpStatus"}</c>), or else the whole text;
    /// one line, at most <see cref="MaxBytes"/>.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> answer)
    {
        var body = Encoding.UTF8.GetString(answer);
        var words = MessageIn(body) ?? body;
        return Utf8Cut.Tail(Utf8Cut.Valid(OneLine(words).Trim()), MaxBytes);
    }

    private static string? MessageIn(string body)
    {
        if (!body.AsSpan().TrimStart().StartsWith('{'))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String
                ? message.GetString()
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Cut off in the middle, not JSON after all, or a string that is no text: what is there still tells something.
            return null;
        }
    }

    private static string OneLine(string text) =>
        string.Create(text.Length, text, static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = char.IsControl(source[i]) ? ' ' : source[i];
            }
        });
}
