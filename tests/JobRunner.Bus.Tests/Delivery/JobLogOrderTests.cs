using JobRunner.Bus.Delivery;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class JobLogOrderTests
{
    [Fact]
    public void Logs_come_by_start_time_then_job_then_try() => Assert.Equal(
        ["a1", "b1", "c1", "a2"],
        Sorted(("a", 2, 30), ("c", 1, 20), ("b", 1, 20), ("a", 1, 10)));

    [Fact]
    public void A_try_that_never_started_stays_between_its_neighbours() => Assert.Equal(
        ["a1", "a2", "b1", "a3"],
        Sorted(("a", 3, 30), ("a", 2, 0), ("a", 1, 10), ("b", 1, 20)));

    [Fact]
    public void A_clock_that_is_behind_does_not_swap_tries() => Assert.Equal(
        ["a1", "a2", "b1"],
        Sorted(("a", 2, 5), ("a", 1, 10), ("b", 1, 20)));

    [Fact]
    public void A_job_that_never_started_comes_last() => Assert.Equal(
        ["a1", "b1", "b2"],
        Sorted(("b", 2, 0), ("b", 1, 0), ("a", 1, 10)));

    [Fact]
    public void A_first_try_that_never_started_comes_right_before_the_one_that_did() => Assert.Equal(
        ["a1", "b1", "b2"],
        Sorted(("b", 1, 0), ("b", 2, 20), ("a", 1, 10)));

    private static IEnumerable<string> Sorted(params (string JobId, long Try, long StartedAt)[] logs) =>
        JobLogOrder
            .Sort(logs.Select(log => Log(log.Try, jobId: log.JobId) with { StartedAt = log.StartedAt }))
            .Select(log => $"{log.JobId}{log.Try}");
}
