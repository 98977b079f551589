using System.Text;
using CliWrap;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>Takes one output stream of a command into bounded memory, until it ends or is let go.</summary>
/// <param name="limit">How many bytes to keep.</param>
/// <param name="onLine">Told the last line of what was just read, as a short text without control characters.</param>
/// <param name="letGo">Ends the reading though the stream has not ended.</param>
internal sealed class OutputPipe(int limit, Action<string> onLine, CancellationToken letGo) : PipeTarget
{
    private const int BufferSize = 64 * 1024;
    private const int LongestLine = 80;

    private readonly BoundedOutput _output = new(limit);

    public override async Task CopyFromAsync(Stream source, CancellationToken cancellationToken = default)
    {
        var buffer = new byte[BufferSize];
        try
        {
            int count;
            while ((count = await source.ReadAsync(buffer, letGo)) > 0)
            {
                _output.Append(buffer.AsSpan(0, count));
                if (LastLine(buffer.AsSpan(0, count)) is { } line)
                {
                    onLine(line);
                }
            }
        }
        catch (OperationCanceledException) when (letGo.IsCancellationRequested)
        {
        }
    }

    /// <summary>What was read so far, as text.</summary>
    public override string ToString() => _output.ToString();

    internal static string? LastLine(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd(" \t\r\n\0"u8);
        if (text.IsEmpty)
        {
            return null;
        }

        text = text[(text.LastIndexOfAny((byte)'\n', (byte)'\r') + 1)..];
        var line = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * LongestLine)]);
        var shown = new StringBuilder();
        foreach (var rune in line.EnumerateRunes())
        {
            if (shown.Length + rune.Utf16SequenceLength > LongestLine)
            {
                break;
            }

            shown.Append(Rune.IsControl(rune) ? " " : rune.ToString());
        }

        return shown.ToString().Trim();
    }
}
