using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Testing.Tests;

/// <summary>What a job logs belongs to its try.</summary>
public sealed partial class LoggedLinesTests
{
    [Fact]
    public async Task Each_try_has_the_lines_that_it_logged_with_their_levels_before_its_own_output()
    {
        var result = await (JobRun.Of<Talks, string[]>(["one", "two"]) with { Retry = 1 }).RunAsync();

        Assert.Equal(["info one 1", "info two 1", "warn done", "output"], Lines(result.Logs[0]));
        Assert.Equal(["info one 2", "info two 2", "warn done", "output"], Lines(result.Logs[1]));
    }

    [Fact]
    public async Task Of_many_lines_the_first_and_the_last_are_kept_and_their_number_is_told()
    {
        var result = await JobRun.Of<Talks, string[]>([.. Enumerable.Range(0, 10_000).Select(line => $"line {line} üüüüüüüü")]).RunAsync();

        var lines = Lines(result.LastLog);
        Assert.InRange(Encoding.UTF8.GetByteCount(result.LastLog.Stdout), 60 * 1024, 65 * 1024);
        Assert.Equal(("info line 0 üüüüüüüü 1", "info line 9999 üüüüüüüü 1", "output"), (lines[0], lines[^3], lines[^1]));
        Assert.Equal($"[... {10_000 + 1 + 1 + 1 - lines.Count} lines cut ...]", Assert.Single(lines, line => line.StartsWith('[')));
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_cut()
    {
        var result = await JobRun.Of<Talks, string[]>([new string('x', 1_000_000)]).RunAsync();

        Assert.InRange(result.LastLog.Stdout.Length, 1_000, 64 * 1024);
        Assert.EndsWith("x…", Lines(result.LastLog)[0], StringComparison.Ordinal);
    }

    // Without their times.
    private static List<string> Lines(JobLogRecorded log) =>
        [.. log.Stdout.TrimEnd('\n').Split('\n').Select(line => line.Length > 13 && line[12] == ' ' ? line[13..] : line)];

    private sealed partial class Talks(ILogger<Talks> logger, ILoggerFactory loggers) : IJob<string[]>
    {
        public async Task<JobResult> RunAsync(string[] payload, JobRunContext context, CancellationToken stopToken)
        {
            foreach (var line in payload)
            {
                Says(logger, line, context.Try);
            }

            Whispers(logger);
            Asks(loggers.CreateLogger("System.Net.Http.HttpClient"));
            // Wherever the code of the try goes on.
            await Task.Run(() => IsDone(logger), CancellationToken.None);
            return JobResult.Fail("no") with { Stdout = "output\n" };
        }

        [LoggerMessage(1, LogLevel.Information, "{Line} {Try}")]
        private static partial void Says(ILogger logger, string line, long @try);

        [LoggerMessage(2, LogLevel.Debug, "not told")]
        private static partial void Whispers(ILogger logger);

        [LoggerMessage(3, LogLevel.Information, "GET https://example.com/?secret")]
        private static partial void Asks(ILogger logger);

        [LoggerMessage(4, LogLevel.Warning, "done")]
        private static partial void IsDone(ILogger logger);
    }
}
