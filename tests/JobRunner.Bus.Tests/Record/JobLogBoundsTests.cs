using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;

namespace JobRunner.Bus.Tests.Record;

/// <summary>A log that the broker would not take must not be made.</summary>
public sealed class JobLogBoundsTests
{
    [Fact]
    public void A_log_of_usual_size_is_left_alone()
    {
        var log = new JobLogRecorded { Stdout = new string('€', JobLogBounds.MaxBytes / 3), Stderr = "\0", Error = "e" };

        Assert.Same(log, JobLogBounds.Within(log));
    }

    [Fact]
    public void Output_that_is_too_long_keeps_head_and_tail_and_says_what_is_gone()
    {
        var log = JobLogBounds.Within(new JobLogRecorded
        {
            Stdout = "head" + new string('x', 3 * JobLogBounds.MaxBytes) + "tail",
            Stderr = new string('€', JobLogBounds.MaxBytes),
            Error = "short",
        });

        Assert.StartsWith("head", log.Stdout);
        Assert.EndsWith("tail", log.Stdout);
        Assert.Contains("[cut ", log.Stdout);
        Assert.InRange(Encoding.UTF8.GetByteCount(log.Stdout), JobLogBounds.MaxBytes - 10, JobLogBounds.MaxBytes);
        Assert.InRange(Encoding.UTF8.GetByteCount(log.Stderr), JobLogBounds.MaxBytes - 10, JobLogBounds.MaxBytes);
        Assert.Equal("short", log.Error);
    }
}
