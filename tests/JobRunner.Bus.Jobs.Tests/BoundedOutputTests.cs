using System.Text;
using CsCheck;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class BoundedOutputTests
{
    [Fact]
    public void An_output_up_to_the_limit_is_kept_whole()
    {
        var output = new BoundedOutput(10);
        output.Append("01234"u8);
        output.Append("56789"u8);
        Assert.Equal("0123456789", output.ToString());
    }

    [Fact]
    public void A_longer_output_keeps_head_and_tail_and_says_what_is_missing()
    {
        var output = new BoundedOutput(10);
        output.Append("0123456789A"u8);
        Assert.Equal("01234\n[... 1 bytes cut ...]\n6789A", output.ToString());
        output.Append("BCDEF"u8);
        Assert.Equal("01234\n[... 6 bytes cut ...]\nBCDEF", output.ToString());
    }

    [Theory]
    [InlineData("ab€", "xyz")]
    [InlineData("abc€", "xyz")]
    [InlineData("abcd€", "xyz")]
    [InlineData("ab😀", "xyz")]
    [InlineData("abcdefghijk", "€€")]
    [InlineData("abcdefghijk", "😀z")]
    [InlineData("abcdefghijk", "z😀")]
    public void A_character_the_cut_goes_through_is_dropped_and_counted(string head, string tail)
    {
        var text = head + new string('-', 20) + tail;
        var output = new BoundedOutput(10);
        output.Append(Encoding.UTF8.GetBytes(text));

        var shown = output.ToString();

        Assert.DoesNotContain('\uFFFD', shown);
        var parts = shown.Split('\n');
        var cut = int.Parse(parts[1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.StartsWith(parts[0], text, StringComparison.Ordinal);
        Assert.EndsWith(parts[2], text, StringComparison.Ordinal);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), Encoding.UTF8.GetByteCount(parts[0] + parts[2]) + cut);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_become_replacement_characters_and_NULs_stay()
    {
        var output = new BoundedOutput(100);
        output.Append([0x61, 0xFF, 0x00, 0xE2, 0x82, 0x62]);
        Assert.Equal("a\uFFFD\0\uFFFDb", output.ToString());
    }

    [Fact]
    public void A_character_split_between_two_reads_is_whole()
    {
        var output = new BoundedOutput(4);
        var bytes = Encoding.UTF8.GetBytes("a€");
        output.Append(bytes.AsSpan(0, 2));
        output.Append(bytes.AsSpan(2));
        Assert.Equal("a€", output.ToString());
    }

    [Fact]
    public void However_it_arrives_head_and_tail_are_the_first_and_last_bytes() =>
        Gen.Select(Gen.Int[2, 40], Gen.Byte[32, 126].Array[0, 30].Array[0, 12]).Sample((limit, chunks) =>
        {
            var output = new BoundedOutput(limit);
            foreach (var chunk in chunks)
            {
                output.Append(chunk);
            }

            var all = Encoding.ASCII.GetString([.. chunks.SelectMany(chunk => chunk)]);
            var tail = limit / 2;
            var expected = all.Length <= limit
                ? all
                : $"{all[..(limit - tail)]}\n[... {all.Length - limit} bytes cut ...]\n{all[^tail..]}";
            Assert.Equal(expected, output.ToString());
        });
}
