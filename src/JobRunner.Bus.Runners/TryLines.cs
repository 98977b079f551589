using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>
/// What one try logs by <see cref="ILogger"/>, for its own log. Bounded: of more than that the first and the last half are kept.
/// Safe for use by any thread.
/// </summary>
internal sealed class TryLines(int maxBytes, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _head = new();
    private Queue<(string Line, int Bytes)>? _tail;
    private int _headBytes;
    private int _tailBytes;
    private long _cut;
    private bool _closed;

    /// <summary>Adds a line; none to a try that has ended.</summary>
    public void Add(LogLevel level, string message, Exception? error)
    {
        var line = Short(string.Create(
            CultureInfo.InvariantCulture, $"{time.GetUtcNow():HH:mm:ss.fff} {Word(level)} {message}{(error is null ? "" : $"\n{error}")}\n"));
        var bytes = Encoding.UTF8.GetByteCount(line);
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            if (_tail is not { Count: > 0 } && _headBytes + bytes <= maxBytes / 2)
            {
                _head.Append(line);
                _headBytes += bytes;
                return;
            }

            _tail ??= new Queue<(string Line, int Bytes)>();
            _tail.Enqueue((line, bytes));
            for (_tailBytes += bytes; _tailBytes > maxBytes / 2; _cut++)
            {
                _tailBytes -= _tail.Dequeue().Bytes;
            }
        }
    }

    /// <summary>The lines, and no further ones.</summary>
    public string Close()
    {
        lock (_lock)
        {
            _closed = true;
            if (_cut > 0)
            {
                _head.Append(CultureInfo.InvariantCulture, $"[... {_cut} lines cut ...]\n");
            }

            return _head.AppendJoin("", (_tail ?? []).Select(one => one.Line)).ToString();
        }
    }

    /// <summary>No line is longer than its half: a character takes three bytes at most.</summary>
    private string Short(string line)
    {
        var most = Math.Max((maxBytes / 6) - 2, 0);
        return line.Length <= most ? line : $"{line.AsSpan(0, most > 0 && char.IsHighSurrogate(line[most - 1]) ? most - 1 : most)}…\n";
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
