using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Reads times as RFC 3339 writes them: <c>t</c> and <c>z</c> may be lower-case, a second may be the 60th, and a time without an
/// offset, as Python's <c>utcnow().isoformat()</c> gives it, is UTC on every machine. A date alone is refused. Go's zero time counts
/// as none.
/// </summary>
internal sealed class SentAtConverter : JsonConverter<DateTimeOffset?>
{
    private const string Second = "yyyy-MM-dd'T'HH:mm:ssK";
    private const string Fraction = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK";
    private const int FractionAt = 20;
    private const int MostDigits = 7;

    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (reader.TokenType != JsonTokenType.String || Parse(reader.GetString()!) is not { } moment)
        {
            throw new JsonException("it must be a time as in RFC 3339, for instance \"2026-01-02T03:04:05Z\"");
        }

        return moment == DateTimeOffset.MinValue ? null : moment;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } moment)
        {
            writer.WriteStringValue(moment);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static DateTimeOffset? Parse(string text)
    {
        if (text.Length < FractionAt - 1)
        {
            return null;
        }

        text = text.ToUpperInvariant();
        var isLeapSecond = text.AsSpan(FractionAt - 4, 3) is ":60";
        if (isLeapSecond)
        {
            text = string.Concat(text.AsSpan(0, FractionAt - 3), "59", text.AsSpan(FractionAt - 1));
        }

        // Below 100 ns there is nothing to tell apart.
        var end = FractionAt;
        while (text.Length > end && text[FractionAt - 1] == '.' && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        if (end > FractionAt + MostDigits)
        {
            text = text.Remove(FractionAt + MostDigits, end - FractionAt - MostDigits);
        }

        return DateTimeOffset.TryParseExact(
            text, [Second, Fraction], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? isLeapSecond && moment < DateTimeOffset.MaxValue.AddSeconds(-1) ? moment.AddSeconds(1) : moment
            : null;
    }
}
