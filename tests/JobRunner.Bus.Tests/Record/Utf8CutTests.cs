using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using JobRunner.Bus.Record;

namespace JobRunner.Bus.Tests.Record;

public sealed class Utf8CutTests
{
    // Characters of one to four bytes, NUL included.
    private static readonly Gen<string> Texts = Gen.OneOf(new[] { "a", "\0", "\n", "é", "…", "漢", "😀" }.Select(Gen.Const).ToArray())
        .Array[0, 300].Select(string.Concat);

    [Fact]
    public void A_text_that_fits_is_the_same_text()
    {
        var text = new string('é', 50);

        Assert.Same(text, Utf8Cut.Tail(text, 100));
        Assert.Same(text, Utf8Cut.Middle(text, 100));
    }

    [Fact]
    public void A_text_one_byte_too_long_is_cut()
    {
        Assert.Equal("aaaaaaaaaaaaaaa…[cut 18 bytes]", Utf8Cut.Tail(new string('a', 33), 32));
        Assert.Equal(
            "aaaaaaaaaaaaaaaaaaaaa\n…[cut 23 bytes]…\nzzzzzzzzzzzzzzzzzzzzz",
            Utf8Cut.Middle(new string('a', 32) + new string('z', 33), 64));
    }

    [Fact]
    public void What_is_kept_and_what_is_cut_add_up_and_fit() => Gen.Select(Texts, Gen.Int[32, 400]).Sample((text, limit) =>
    {
        var cut = Utf8Cut.Tail(text, limit);
        Assert.InRange(Bytes(cut), 0, limit);
        Assert.Equal(cut, Utf8Cut.Tail(cut, limit));
        if (Bytes(text) <= limit)
        {
            Assert.Equal(text, cut);
            return;
        }

        var match = Regex.Match(cut, @"^(?<head>.*)…\[cut (?<cut>[0-9]+) bytes\]$", RegexOptions.Singleline);
        var head = match.Groups["head"].Value;
        Assert.StartsWith(head, text, StringComparison.Ordinal);
        Assert.Equal(Bytes(text), Bytes(head) + Number(match));
        // No more is cut than the marker and a broken character cost.
        Assert.InRange(Bytes(cut), limit - 6, limit);
    });

    [Fact]
    public void Head_and_tail_are_kept_and_add_up_and_fit() => Gen.Select(Texts, Gen.Int[64, 400]).Sample((text, limit) =>
    {
        var cut = Utf8Cut.Middle(text, limit);
        Assert.InRange(Bytes(cut), 0, limit);
        if (Bytes(text) <= limit)
        {
            Assert.Equal(text, cut);
            return;
        }

        var match = Regex.Match(cut, @"^(?<head>.*)\n…\[cut (?<cut>[0-9]+) bytes\]…\n(?<tail>.*)$", RegexOptions.Singleline);
        var (head, tail) = (match.Groups["head"].Value, match.Groups["tail"].Value);
        Assert.StartsWith(head, text, StringComparison.Ordinal);
        Assert.EndsWith(tail, text, StringComparison.Ordinal);
        Assert.Equal(Bytes(text), Bytes(head) + Bytes(tail) + Number(match));
        Assert.InRange(Bytes(head) - Bytes(tail), -4, 4);
        Assert.InRange(Bytes(cut), limit - 9, limit);
    });

    [Fact]
    public void Lone_surrogates_become_the_replacement_character()
    {
        // As a fact: a test runner passes the data of a theory on as UTF-8, which cannot hold them.
        Assert.Equal("a\ufffdb", Utf8Cut.Valid("a\ud800b"));
        Assert.Equal("\ufffd😀\ufffd", Utf8Cut.Valid("\udc00\ud83d\ude00\ud83d"));
        Assert.Equal("ok 😀\0", Utf8Cut.Valid("ok 😀\0"));
    }

    private static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    private static int Number(Match match) => int.Parse(match.Groups["cut"].Value, CultureInfo.InvariantCulture);
}
