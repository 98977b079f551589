using System.Globalization;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests;

/// <summary>Jobs that block their threads, four times as long as the lease, on a pool that has as many as the program gives it.</summary>
public sealed class BlockingJobsTests
{
    private const int Jobs = 60;

    [Fact]
    public async Task A_worker_full_of_jobs_that_block_their_threads_stays_in_contact_and_runs_each_once()
    {
        await using var node = await RabbitMqNode.StartAsync();
        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        await using var worker = await WorkerProcess.StartAsync(
            node.UriOf("/"),
            new Dictionary<string, string>
            {
                ["JobRunner__Worker__Roles"] = "Run",
                ["JobRunner__Worker__Slots"] = $"{Jobs}",
                ["JobRunner__Worker__Lease"] = "2s",
            },
            TimeSpan.FromMinutes(1),
            "JobRunner.Bus.ChaosWorker");
        var ends = await client.ListenAsync("job-finished");
        for (var job = 0; job < Jobs; job++)
        {
            var id = job.ToString("d4", CultureInfo.InvariantCulture);
            await client.SendAsync("run-job", $$"""{"requestId":"blockingrequest00000","job":{"id":"{{id}}","type":"blocking","retry":1} }""");
        }

        await Eventually.HoldsAsync("each ends", () => ends.Count >= Jobs, TimeSpan.FromMinutes(1));

        Assert.All(ends, end => Assert.Equal((JobState.Complete, 1, 1), Told(end)));
        Assert.Equal(Jobs, ends.Count);
        Assert.Equal((uint)Jobs, await client.CountAsync("job-log-recorded"));
        Assert.DoesNotContain("[1126]", worker.Output, StringComparison.Ordinal);
    }

    private static (JobState, long, long) Told(PlainMessage end)
    {
        var told = Wire.Deserialize<JobFinished>(Encoding.UTF8.GetBytes(end.Body));
        return (told.FinalState, told.Tries, told.TotalTries);
    }
}
