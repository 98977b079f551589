using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Copies an object out of a message, written as this contract writes (no white space, little escaped), and looks on the way
/// whether a name is there twice. Makes no objects but the copy.
/// </summary>
internal sealed class CheckedCopy : IDisposable
{
    private const int LargestKept = 64 * 1024;

    [ThreadStatic]
    private static CheckedCopy? _ofThread;

    private readonly ArrayBufferWriter<byte> _bytes = new(1024);
    private readonly Utf8JsonWriter _writer;
    private readonly List<int> _names = []; // hashes, of the objects that are open
    private readonly Stack<int> _firstNames = new();
    private byte[] _text = new byte[256];

    private CheckedCopy() =>
        _writer = new Utf8JsonWriter(_bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });

    /// <summary>Takes the object that the reader is at the start of.</summary>
    /// <returns><see langword="null"/> when a name may be there twice, or a text is none.</returns>
    /// <exception cref="JsonException">What is there is not JSON.</exception>
    public static byte[]? TryTake(ref Utf8JsonReader reader)
    {
        var copy = _ofThread ?? new CheckedCopy();
        // Not again if something is thrown halfway.
        _ofThread = null;
        var taken = copy.Copy(ref reader) ? copy.Finish() : null;
        if (copy._bytes.Capacity <= LargestKept && copy._text.Length <= LargestKept)
        {
            copy.Clear();
            _ofThread = copy;
        }
        else
        {
            copy.Dispose();
        }

        return taken;
    }

    public void Dispose() => _writer.Dispose();

    private byte[] Finish()
    {
        _writer.Flush();
        return _bytes.WrittenSpan.ToArray();
    }

    private void Clear()
    {
        _bytes.ResetWrittenCount();
        _writer.Reset();
        _names.Clear();
        _firstNames.Clear();
    }

    private bool Copy(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        do
        {
            if (reader.HasValueSequence || !CopyToken(ref reader))
            {
                return false;
            }
        }
        while ((reader.TokenType != JsonTokenType.EndObject || reader.CurrentDepth != depth) && reader.Read());

        return true;
    }

    private bool CopyToken(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                _firstNames.Push(_names.Count);
                _writer.WriteStartObject();
                return true;
            case JsonTokenType.EndObject:
                _writer.WriteEndObject();
                return AllDiffer(_firstNames.Pop());
            case JsonTokenType.StartArray:
                _writer.WriteStartArray();
                return true;
            case JsonTokenType.EndArray:
                _writer.WriteEndArray();
                return true;
            case JsonTokenType.PropertyName:
                return TextOf(ref reader, out var name) && CopyName(name);
            case JsonTokenType.String:
                if (!TextOf(ref reader, out var text))
                {
                    return false;
                }

                _writer.WriteStringValue(text);
                return true;
            default:
                // Numbers to the last digit, true, false, null.
                _writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true);
                return true;
        }
    }

    private bool CopyName(ReadOnlySpan<byte> name)
    {
        var hash = default(HashCode);
        hash.AddBytes(name);
        _names.Add(hash.ToHashCode());
        _writer.WritePropertyName(name);
        return true;
    }

    private bool TextOf(ref Utf8JsonReader reader, out ReadOnlySpan<byte> text)
    {
        text = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            return true;
        }

        if (_text.Length < text.Length)
        {
            _text = new byte[text.Length];
        }

        try
        {
            text = _text.AsSpan(0, reader.CopyString(_text));
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair.
            return false;
        }
    }

    /// <summary>Whether all names of an object differ for sure; closes it. Sorted, so that many names take little time, too.</summary>
    private bool AllDiffer(int first)
    {
        var names = CollectionsMarshal.AsSpan(_names)[first..];
        names.Sort();
        for (var n = 1; n < names.Length; n++)
        {
            if (names[n] == names[n - 1])
            {
                return false;
            }
        }

        _names.RemoveRange(first, names.Length);
        return true;
    }
}
