using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery;

/// <summary>The order in which people read the job logs of a request.</summary>
internal static class JobLogOrder
{
    /// <summary>
    /// By start time, then job id, then try. A try that never started (startedAt 0), or whose worker's clock was
    /// behind, counts as started with the nearest try of its job that tells, so that tries never swap places. A job none of
    /// whose tries started comes last.
    /// </summary>
    public static IReadOnlyList<JobLogRecorded> Sort(IEnumerable<JobLogRecorded> logs)
    {
        List<(long Start, JobLogRecorded Log)> placed = [];
        foreach (var job in logs.GroupBy(log => log.JobId, StringComparer.Ordinal))
        {
            var tries = job.OrderBy(log => log.Try).ToArray();
            var start = tries.FirstOrDefault(log => log.StartedAt > 0)?.StartedAt ?? long.MaxValue;
            foreach (var log in tries)
            {
                start = Math.Max(start, log.StartedAt);
                placed.Add((start, log));
            }
        }

        return
        [
            .. placed
                .OrderBy(entry => entry.Start)
                .ThenBy(entry => entry.Log.JobId, StringComparer.Ordinal)
                .ThenBy(entry => entry.Log.Try)
                .Select(entry => entry.Log),
        ];
    }
}
