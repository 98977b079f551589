namespace JobRunner.Bus.Contracts.Tests;

public sealed class RetryDelayTests
{
    private static readonly TimeSpan Longest = new GoDuration(long.MaxValue).ToTimeSpan();

    public static TheoryData<string?, double?, string?, long, TimeSpan> Waits => new()
    {
        { null, null, null, 1, TimeSpan.Zero },
        { "0", 1000, null, 32766, TimeSpan.Zero },
        { "30s", null, null, 1, TimeSpan.FromSeconds(30) },
        { "30s", null, null, 32766, TimeSpan.FromSeconds(30) },
        { "30s", 1, null, 32766, TimeSpan.FromSeconds(30) },
        { "30s", 0, null, 5, TimeSpan.FromSeconds(30) },
        { "1s", 2, null, 0, TimeSpan.FromSeconds(1) },
        { "1s", 2, null, 1, TimeSpan.FromSeconds(1) },
        { "1s", 2, null, 2, TimeSpan.FromSeconds(2) },
        { "1s", 2, null, 11, TimeSpan.FromSeconds(1024) },
        { "1s", 1.5, null, 3, TimeSpan.FromSeconds(2.25) },
        { "1s", 2, "10s", 4, TimeSpan.FromSeconds(8) },
        { "1s", 2, "10s", 5, TimeSpan.FromSeconds(10) },
        { "1s", 2, "10s", 32766, TimeSpan.FromSeconds(10) },
        { "30s", null, "10s", 1, TimeSpan.FromSeconds(10) },
        { "1s", 2, "0", 3, TimeSpan.Zero },
        { "1s", 2, null, 34, TimeSpan.FromSeconds(1L << 33) },
        { "1s", 2, null, 35, Longest },
        { "1ns", 1000, null, 32766, Longest },
        { "2562047h47m16.854775807s", 1000, null, 32766, Longest },
        { "2562047h47m16.854775807s", null, null, 1, Longest },
        { "2562047h47m16.854775807s", 1000, "1h", 32766, TimeSpan.FromHours(1) },
    };

    [Theory]
    [MemberData(nameof(Waits))]
    public void A_wait_grows_with_the_tries_of_its_sequence_up_to_its_cap(string? first, double? backoff, string? max, long triesBefore, TimeSpan wait) =>
        Assert.Equal(wait, RetryDelay.Before(Next(new Job { RetryWait = first, RetryBackoff = backoff, RetryWaitMax = max }, triesBefore)));

    [Fact]
    public void Jitter_shortens_a_wait_by_up_to_its_share_and_spreads_it_evenly()
    {
        var job = new Job { RetryWait = "10s", RetryJitter = 0.2 };
        var waits = Enumerable.Range(0, 2000).Select(id => RetryDelay.Before(Next(job with { Id = $"{id}" }, 1)).TotalSeconds).ToList();

        Assert.All(waits, wait => Assert.InRange(wait, 8.0, 10.0));
        // Each tenth of the range has about a tenth of them: 200, with a standard deviation of 13.
        Assert.All(waits.CountBy(wait => (int)((wait - 8) / 0.2000001)), part => Assert.InRange(part.Value, 130, 270));
    }

    [Fact]
    public void The_tries_of_one_job_wait_differently_and_each_as_long_wherever_it_is_reckoned()
    {
        var job = new Job { Id = "j1", RetryWait = "10s", RetryJitter = 1 };
        var waits = Enumerable.Range(1, 100).Select(tries => RetryDelay.Before(Next(job, tries))).ToList();

        Assert.Equal(100, waits.Distinct().Count());
        Assert.Equal(waits, Enumerable.Range(1, 100).Select(tries => RetryDelay.Before(Next(job with { Name = "elsewhere" }, tries))));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1ns")]
    [InlineData("2562047h47m16.854775807s")]
    public void A_wait_all_of_which_is_left_to_chance_stays_within_zero_and_the_whole(string first) =>
        Assert.All(
            Enumerable.Range(1, 100),
            tries => Assert.InRange(
                RetryDelay.Before(Next(new Job { RetryWait = first, RetryBackoff = 1000, RetryJitter = 1 }, tries)), TimeSpan.Zero, Longest));

    private static RunJob Next(Job job, long triesBefore) => new() { RequestId = "r", Job = job, PrevTries = triesBefore, TotalTries = triesBefore };
}
