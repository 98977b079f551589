using System.Globalization;
using System.Text;

namespace JobRunner.Bus.Record;

/// <summary>Cuts text to a number of UTF-8 bytes, between characters, and says in the text how much is gone.</summary>
internal static class Utf8Cut
{
    /// <summary>The same text where every lone surrogate is U+FFFD; NUL and other control characters stay.</summary>
    public static string Valid(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0
            ? text
            : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Keeps the head: <c>head…[cut 123 bytes]</c>, at most <paramref name="limit"/> bytes, 32 or more.</summary>
    public static string Tail(string text, int limit)
    {
        if (Fits(text, limit))
        {
            return text;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var head = HeadEnd(bytes, limit - Longest("…[cut {0} bytes]", bytes.Length));
        return Text(bytes.AsSpan(0, head)) + Marker("…[cut {0} bytes]", bytes.Length - head);
    }

    /// <summary>
    /// Keeps head and tail, half each: <c>head⏎…[cut 123 bytes]…⏎tail</c>, at most <paramref name="limit"/> bytes,
    /// 64 or more.
    /// </summary>
    public static string Middle(string text, int limit)
    {
        if (Fits(text, limit))
        {
            return text;
        }

        var bytes = Encoding.UTF8.GetBytes(text);
        var room = limit - Longest("\n…[cut {0} bytes]…\n", bytes.Length);
        var head = HeadEnd(bytes, room / 2);
        var tail = TailStart(bytes, bytes.Length - (room - (room / 2)));
        return Text(bytes.AsSpan(0, head)) + Marker("\n…[cut {0} bytes]…\n", tail - head) + Text(bytes.AsSpan(tail));
    }

    private static bool Fits(string text, int limit) =>
        // A UTF-16 unit takes at most 3 bytes: most texts need no counting.
        (long)text.Length * 3 <= limit || Encoding.UTF8.GetByteCount(text) <= limit;

    private static int Longest(string marker, int total) => Encoding.UTF8.GetByteCount(Marker(marker, total));

    private static string Marker(string marker, int cut) => string.Format(CultureInfo.InvariantCulture, marker, cut);

    private static int HeadEnd(byte[] bytes, int end)
    {
        while (end > 0 && IsInsideCharacter(bytes[end]))
        {
            end--;
        }

        return end;
    }

    private static int TailStart(byte[] bytes, int start)
    {
        while (start < bytes.Length && IsInsideCharacter(bytes[start]))
        {
            start++;
        }

        return start;
    }

    private static bool IsInsideCharacter(byte value) => (value & 0b1100_0000) == 0b1000_0000;

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
