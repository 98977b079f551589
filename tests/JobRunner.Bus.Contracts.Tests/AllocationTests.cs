using System.Text;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>What reading and writing a message costs in memory does not creep up unseen; limits are a third above what was measured.</summary>
public sealed class AllocationTests
{
    private static readonly byte[] Command = Encoding.UTF8.GetBytes(
        """
        {"requestId":"bench000000000000000","job":{"id":"aaaa","name":"check-replication","type":"noop","state":1,"args":{"cluster":"eu-3"},"retry":2,"retryWait":"5s","sequenceId":"aaaa"},"jobData":{"cluster":"eu-3","nodes":["db01","db02","db03"],"version":"8.0.36"},"prevTries":0,"totalTries":0,"sentAt":"2026-11-24T10:00:00Z"}
        """);

    [Fact]
    public void Reading_a_command() => Allocates(() => Wire.Deserialize<RunJob>(Command), atMost: 3_200);

    [Fact]
    public void Writing_a_log_takes_its_bytes_and_little_else()
    {
        var log = new JobLogRecorded { RequestId = "bench000000000000000", JobId = "aaaa", Try = 1, Name = "n", Type = "noop", State = JobState.Complete };

        Allocates(() => Wire.Serialize(log), atMost: 2 * Wire.Serialize(log).Length);
    }

    private static void Allocates(Func<object> once, long atMost)
    {
        const int Times = 1_000;
        for (var warmUp = 0; warmUp < Times; warmUp++)
        {
            once();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var time = 0; time < Times; time++)
        {
            once();
        }

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Times, 1, atMost);
    }
}
