using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace MyJob;

/// <summary>What the job is given, as JSON: {"path": "/some/file"}. What has a default may be absent.</summary>
public sealed record MyJobPayload(string Path, int MaxLines = int.MaxValue);

/// <summary>What the job leaves in the job data, under "my-job".</summary>
public sealed record MyJobResult(int Lines);

/// <summary>Counts the lines of a file.</summary>
public sealed class MyJobJob : IJob<MyJobPayload>
{
    // Called once. What is thrown here fails the job without a try, with this message for its scheduler.
    public void Check(MyJobPayload payload)
    {
        if (payload.MaxLines < 1)
        {
            throw new FormatException($"maxLines is {payload.MaxLines}; it must be 1 or more");
        }
    }

    // Called once per try. A try may be run twice when its worker dies: do no harm then.
    public async Task<JobResult> RunAsync(MyJobPayload payload, JobRunContext context, CancellationToken stopToken)
    {
        if (!File.Exists(payload.Path))
        {
            return JobResult.Fail($"{payload.Path} is not there");
        }

        var lines = 0;
        await foreach (var _ in File.ReadLinesAsync(payload.Path, stopToken))
        {
            lines++;
            context.ReportStatus($"{lines} lines so far");
            if (lines > payload.MaxLines)
            {
                // Trying again would not make it shorter.
                return JobResult.FailForGood($"{payload.Path} has more than {payload.MaxLines} lines");
            }
        }

        // Later tries see it, and the scheduler hands it to the jobs that follow.
        context.JobData.Write("my-job", new MyJobResult(lines));
        return JobResult.Complete($"{lines} lines\n");
    }
}
