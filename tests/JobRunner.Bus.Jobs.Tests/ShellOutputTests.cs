using System.Globalization;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Shell;

namespace JobRunner.Bus.Jobs.Tests;

/// <summary>Measures the memory of this process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(MemoryMeasured), DisableParallelization = true)]
public sealed class MemoryMeasured;

[Collection(nameof(MemoryMeasured))]
public sealed class ShellOutputTests
{
    private const int Limit = 1024 * 1024;

    [Fact]
    public async Task A_flood_of_100_MB_keeps_head_and_tail_in_flat_memory()
    {
        await using var worker = TestWorker.WithShell();
        await worker.RunScriptAsync("echo warm up; echo too >&2");
        GC.Collect();
        // Lets the peak count from here.
        await File.WriteAllTextAsync("/proc/self/clear_refs", "5", TestContext.Current.CancellationToken);
        var before = PeakBytes();

        var result = await worker.RunScriptAsync("echo FIRST; yes 0123456 | head -c 104857600; echo LAST");

        var grown = PeakBytes() - before;
        Assert.Equal(JobState.Complete, result.State);
        Assert.StartsWith("FIRST\n0123456\n", result.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("0123456\nLAST\n", result.Stdout, StringComparison.Ordinal);
        Assert.Contains($"\n[... {104857600 + 6 + 5 - Limit} bytes cut ...]\n", result.Stdout, StringComparison.Ordinal);
        Assert.InRange(result.Stdout.Length, Limit, Limit + 50);
        Assert.True(grown < 50_000_000, $"the peak grew by {grown} bytes");
    }

    [Fact]
    public async Task Floods_on_both_streams_at_once_block_neither()
    {
        await using var worker = TestWorker.WithShell(("Shell:MaxOutputBytes", "1024"));

        var result = await worker.RunScriptAsync("yes out | head -c 5000000 & yes err | head -c 5000000 >&2; wait");

        Assert.Equal(JobState.Complete, result.State);
        Assert.Contains("\n[... 4998976 bytes cut ...]\n", result.Stdout, StringComparison.Ordinal);
        Assert.Contains("\n[... 4998976 bytes cut ...]\n", result.Stderr, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NULs_are_kept_and_bytes_that_are_not_UTF8_replaced()
    {
        await using var worker = TestWorker.WithShell();
        var result = await worker.RunScriptAsync(@"printf 'a\000b\377c\342\202d'; printf '\360\237\230\200' >&2");
        Assert.Equal("a\0b\uFFFDc\uFFFDd", result.Stdout);
        Assert.Equal("😀", result.Stderr);
    }

    [Theory]
    [InlineData("one\ntwo\n", "two")]
    [InlineData("one\ntwo \r\n\n", "two")]
    [InlineData("50%\r60%\r", "60%")]
    [InlineData("\n \n", null)]
    [InlineData("", null)]
    [InlineData("a\tb\u001b[0m", "a b [0m")]
    public void The_last_line_is_found_and_made_harmless(string text, string? line) =>
        Assert.Equal(line, OutputPipe.LastLine(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_long_line_is_cut_between_characters()
    {
        var line = OutputPipe.LastLine(Encoding.UTF8.GetBytes("x" + string.Concat(Enumerable.Repeat("😀", 100))));
        Assert.Equal("x" + string.Concat(Enumerable.Repeat("😀", 39)), line);
    }

    private static long PeakBytes() =>
        1024 * long.Parse(
            File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture);
}
