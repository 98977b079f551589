using System.Collections;
using System.Globalization;
using System.Text;
using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>AMQP header values as text.</summary>
internal static class HeaderText
{
    /// <summary>A header as text; none when it is not there.</summary>
    public static string? Of(IReadOnlyBasicProperties properties, string name) =>
        properties.Headers is { } headers && headers.TryGetValue(name, out var value) ? Of(value) : null;

    /// <summary>A value as text; lists and tables as they would stand in JSON, without quotes.</summary>
    public static string Of(object? value) => value switch
    {
        null => "",
        string text => text,
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        AmqpTimestamp { UnixTime: >= 0 and < 253_402_300_799 } time =>
            DateTimeOffset.FromUnixTimeSeconds(time.UnixTime).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        IDictionary<string, object?> table => $"{{{string.Join(", ", table.Select(entry => $"{entry.Key}: {Of(entry.Value)}"))}}}",
        IEnumerable list => $"[{string.Join(", ", list.Cast<object?>().Select(Of))}]",
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
