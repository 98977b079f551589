using System.Text;

namespace JobRunner.Bus.Jobs;

/// <summary>
/// Keeps the first and the last bytes of an output of any size, in memory that does not grow past its limit. Safe for
/// one writer and readers at the same time.
/// </summary>
internal sealed class BoundedOutput
{
    private readonly Lock _lock = new();
    private readonly int _headLimit;
    private readonly int _tailLimit;
    private byte[] _head = [];
    private int _headLength;
    private byte[] _tail = [];
    private long _pastHead;

    /// <param name="limit">How many bytes to keep, 2 or more.</param>
    public BoundedOutput(int limit)
    {
        _tailLimit = limit / 2;
        _headLimit = limit - _tailLimit;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            var toHead = Math.Min(bytes.Length, _headLimit - _headLength);
            AppendToHead(bytes[..toHead]);
            AppendToTail(bytes[toHead..]);
        }
    }

    /// <summary>
    /// The output as text, bytes that are not UTF-8 as U+FFFD. Where something is missing a line says how many bytes; a
    /// character that the cut went through counts as missing.
    /// </summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var head = _head.AsSpan(0, _headLength);
            var tail = OrderedTail();
            var cut = _pastHead - tail.Length;
            if (cut == 0)
            {
                return Encoding.UTF8.GetString([.. head, .. tail]);
            }

            var wholeHead = head[..^BrokenEnd(head)];
            var wholeTail = tail[BrokenStart(tail)..];
            cut += head.Length - wholeHead.Length + tail.Length - wholeTail.Length;
            return $"{Encoding.UTF8.GetString(wholeHead)}\n[... {cut} bytes cut ...]\n{Encoding.UTF8.GetString(wholeTail)}";
        }
    }

    private void AppendToHead(ReadOnlySpan<byte> bytes)
    {
        var length = _headLength + bytes.Length;
        if (length > _head.Length)
        {
            Array.Resize(ref _head, Math.Min(_headLimit, Math.Max(length, 2 * _head.Length)));
        }

        bytes.CopyTo(_head.AsSpan(_headLength));
        _headLength = length;
    }

    private void AppendToTail(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_tail.Length == 0)
        {
            _tail = new byte[_tailLimit];
        }

        var skipped = Math.Max(0, bytes.Length - _tailLimit);
        _pastHead += skipped;
        bytes = bytes[skipped..];
        while (!bytes.IsEmpty)
        {
            var at = (int)(_pastHead % _tailLimit);
            var count = Math.Min(bytes.Length, _tailLimit - at);
            bytes[..count].CopyTo(_tail.AsSpan(at));
            _pastHead += count;
            bytes = bytes[count..];
        }
    }

    private ReadOnlySpan<byte> OrderedTail()
    {
        if (_pastHead <= _tailLimit)
        {
            return _tail.AsSpan(0, (int)_pastHead);
        }

        var oldest = (int)(_pastHead % _tailLimit);
        return (byte[])[.. _tail.AsSpan(oldest), .. _tail.AsSpan(0, oldest)];
    }

    /// <summary>How many bytes at the end begin a character that does not end there.</summary>
    private static int BrokenEnd(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= Math.Min(3, text.Length); back++)
        {
            var needed = text[^back] switch
            {
                >= 0xF0 => 4,
                >= 0xE0 => 3,
                >= 0xC0 => 2,
                >= 0x80 => 0,
                _ => 1,
            };
            if (needed > 0)
            {
                return needed > back ? back : 0;
            }
        }

        return 0;
    }

    /// <summary>How many bytes at the start belong to a character that began before.</summary>
    private static int BrokenStart(ReadOnlySpan<byte> text)
    {
        var count = 0;
        while (count < Math.Min(3, text.Length) && (text[count] & 0xC0) == 0x80)
        {
            count++;
        }

        return count;
    }
}
