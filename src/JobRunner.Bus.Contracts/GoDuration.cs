using System.Globalization;
using System.Text;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// A Go duration: a signed count of nanoseconds, written as Go's <c>time.ParseDuration</c> reads it
/// (<c>"1h30m"</c>, <c>"1.5s"</c>, <c>"500ms"</c>, <c>"0"</c>) and as its <c>Duration.String</c> prints it
/// (<c>"1h30m0s"</c>). The empty string is zero, as in Spin Cycle's job fields.
/// </summary>
/// <param name="Nanoseconds">The length, about ±292 years.</param>
public readonly record struct GoDuration(long Nanoseconds)
{
    private const long Microsecond = 1_000;
    private const long Millisecond = 1_000 * Microsecond;
    private const long Second = 1_000 * Millisecond;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    /// <summary>No time at all.</summary>
    public static GoDuration Zero => default;

    /// <summary>The same length; below 100 ns it is rounded away from zero, so that no wait becomes none.</summary>
    public TimeSpan ToTimeSpan()
    {
        var (ticks, rest) = Math.DivRem(Nanoseconds, 100);
        return new TimeSpan(ticks + Math.Sign(rest));
    }

    /// <summary>The same length.</summary>
    /// <exception cref="OverflowException">The span is longer than about 292 years.</exception>
    public static GoDuration FromTimeSpan(TimeSpan span) => new(checked(span.Ticks * 100));

    /// <summary>Reads a Go duration string.</summary>
    /// <exception cref="FormatException">The text is no Go duration, or longer than about 292 years.</exception>
    public static GoDuration Parse(string? text) =>
        TryParse(text, out var duration)
            ? duration
            : throw new FormatException(
                $"\"{text}\" is not a duration: use numbers with units, for instance \"500ms\", \"1.5s\" or \"1h30m\".");

    /// <summary>Reads a Go duration string; <see langword="null"/> and the empty string are zero.</summary>
    public static bool TryParse(string? text, out GoDuration duration)
    {
        duration = Zero;
        if (string.IsNullOrEmpty(text))
        {
            return true;
        }

        var rest = text.AsSpan();
        var negative = rest[0] == '-';
        if (negative || rest[0] == '+')
        {
            rest = rest[1..];
        }

        if (rest is "0")
        {
            return true;
        }

        if (rest.IsEmpty)
        {
            return false;
        }

        // Go sums in uint64 and allows -1<<63, which has no positive counterpart.
        ulong total = 0;
        while (!rest.IsEmpty)
        {
            if (!TryTakeTerm(ref rest, out var term) || total > (1UL << 63) - term)
            {
                return false;
            }

            total += term;
        }

        if (negative)
        {
            duration = new GoDuration(unchecked((long)(0UL - total)));
            return true;
        }

        if (total > long.MaxValue)
        {
            return false;
        }

        duration = new GoDuration((long)total);
        return true;
    }

    /// <summary>The duration as Go prints it, for instance <c>1h30m0s</c>, <c>1.5s</c>, <c>500ms</c>, <c>0s</c>.</summary>
    public override string ToString()
    {
        if (Nanoseconds == 0)
        {
            return "0s";
        }

        var left = Nanoseconds < 0 ? 0UL - unchecked((ulong)Nanoseconds) : (ulong)Nanoseconds;
        var text = new StringBuilder(Nanoseconds < 0 ? "-" : "");
        if (left < Second)
        {
            var (unit, name) = left switch
            {
                < Microsecond => (1UL, "ns"),
                < Millisecond => ((ulong)Microsecond, "µs"),
                _ => ((ulong)Millisecond, "ms"),
            };
            return AppendDecimal(text, left, unit).Append(name).ToString();
        }

        var hours = left / Hour;
        var minutes = left % Hour / Minute;
        if (hours > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{hours}h");
        }

        if (hours > 0 || minutes > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{minutes}m");
        }

        return AppendDecimal(text, left % Minute, Second).Append('s').ToString();
    }

    private static StringBuilder AppendDecimal(StringBuilder text, ulong value, ulong unit)
    {
        text.Append(value / unit);
        var fraction = value % unit;
        if (fraction == 0)
        {
            return text;
        }

        var digits = (unit + fraction).ToString(CultureInfo.InvariantCulture)[1..];
        return text.Append('.').Append(digits.TrimEnd('0'));
    }

    /// <summary>Takes one "number unit" off the front, as Go does: digits, an optional fraction, a unit.</summary>
    private static bool TryTakeTerm(ref ReadOnlySpan<char> rest, out ulong nanoseconds)
    {
        nanoseconds = 0;
        if (!TryTakeInteger(ref rest, out var whole, out var wholeDigits))
        {
            return false;
        }

        var fraction = 0UL;
        var scale = 1.0;
        var fractionDigits = 0;
        if (!rest.IsEmpty && rest[0] == '.')
        {
            rest = rest[1..];
            TakeFraction(ref rest, out fraction, out scale, out fractionDigits);
        }

        if (wholeDigits + fractionDigits == 0 || !TryTakeUnit(ref rest, out var unit) || whole > (1UL << 63) / unit)
        {
            return false;
        }

        nanoseconds = whole * unit;
        if (fraction > 0)
        {
            nanoseconds += (ulong)(fraction * (unit / scale));
        }

        return nanoseconds <= 1UL << 63;
    }

    private static bool TryTakeInteger(ref ReadOnlySpan<char> rest, out ulong value, out int digits)
    {
        value = 0;
        digits = 0;
        while (!rest.IsEmpty && char.IsAsciiDigit(rest[0]))
        {
            if (value > (1UL << 63) / 10)
            {
                return false;
            }

            value = (value * 10) + (ulong)(rest[0] - '0');
            if (value > 1UL << 63)
            {
                return false;
            }

            digits++;
            rest = rest[1..];
        }

        return true;
    }

    /// <summary>Digits past what a long holds are read and dropped: they are below a nanosecond.</summary>
    private static void TakeFraction(ref ReadOnlySpan<char> rest, out ulong value, out double scale, out int digits)
    {
        value = 0;
        scale = 1;
        digits = 0;
        var full = false;
        while (!rest.IsEmpty && char.IsAsciiDigit(rest[0]))
        {
            full = full || value > long.MaxValue / 10;
            if (!full)
            {
                value = (value * 10) + (ulong)(rest[0] - '0');
                scale *= 10;
            }

            digits++;
            rest = rest[1..];
        }
    }

    private static bool TryTakeUnit(ref ReadOnlySpan<char> rest, out ulong unit)
    {
        var length = 0;
        while (length < rest.Length && rest[length] != '.' && !char.IsAsciiDigit(rest[length]))
        {
            length++;
        }

        unit = rest[..length] switch
        {
            "ns" => 1,
            "us" or "µs" or "μs" => Microsecond,
            "ms" => Millisecond,
            "s" => Second,
            "m" => Minute,
            "h" => Hour,
            _ => 0,
        };
        rest = rest[length..];
        return unit != 0;
    }
}
