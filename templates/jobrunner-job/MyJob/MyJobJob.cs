using System.Text.Json;
using JobRunner.Bus.Runners.Jobs;

namespace MyJob;

/// <summary>Counts the lines of a file. Bytes: {"path": "/some/file"}.</summary>
public sealed class MyJobJob : IJob
{
    private string _path = "";

    // Called once. What is thrown here fails the job without a try, with this message for its scheduler.
    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        using var json = JsonDocument.Parse(bytes.ToArray());
        _path = json.RootElement.TryGetProperty("path", out var path) && path.GetString() is { Length: > 0 } text
            ? text
            : throw new FormatException("\"path\" is missing");
    }

    // Called once per try. A try may be run twice when its worker dies: do no harm then.
    public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        if (!File.Exists(_path))
        {
            return JobResult.Fail($"{_path} is not there");
        }

        var lines = 0L;
        await foreach (var _ in File.ReadLinesAsync(_path, stopToken))
        {
            lines++;
            context.ReportStatus($"{lines} lines so far");
        }

        // Later tries see it, and the scheduler hands it to the jobs that follow.
        context.JobData["lines"] = lines;
        return JobResult.Complete($"{lines} lines\n");
    }
}
