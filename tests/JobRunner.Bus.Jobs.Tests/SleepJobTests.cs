using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class SleepJobTests
{
    private const long Second = 1_000_000_000;

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Sleep_ends_after_its_duration_and_not_before()
    {
        await using var worker = new TestWorker(_time);
        var run = worker.Start("sleep", $$"""{"duration": {{60 * Second}}}""", TestContext.Current.CancellationToken);

        Assert.Equal("sleeping 1m0s", run.Context.Status);
        _time.Advance(TimeSpan.FromSeconds(59.999));
        Assert.False(run.Result.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(JobState.Complete, (await run.Result).State);
    }

    [Fact]
    public async Task A_sleep_of_a_year_takes_a_year()
    {
        await using var worker = new TestWorker(_time);
        var run = worker.Start("sleep", $$"""{"duration": {{365L * 86_400 * Second}}}""", TestContext.Current.CancellationToken);

        for (var day = 0; day < 364; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
            await Task.Yield();
            Assert.False(run.Result.IsCompleted);
        }

        await Eventually.HoldsAsync(
            "the year is over",
            () =>
            {
                _time.Advance(TimeSpan.FromHours(6));
                return run.Result.IsCompleted;
            });
        Assert.Equal(JobState.Complete, (await run.Result).State);
    }

    [Fact]
    public async Task Half_a_millisecond_is_slept_not_skipped()
    {
        await using var worker = new TestWorker(_time);
        var run = worker.Start("sleep", """{"duration": 500000}""", TestContext.Current.CancellationToken);

        Assert.False(run.Result.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(JobState.Complete, (await run.Result).State);
    }

    [Fact]
    public async Task A_stopped_sleep_ends_at_once_as_stopped()
    {
        using var stop = new CancellationTokenSource();
        await using var worker = new TestWorker(_time);
        var run = worker.Start("sleep", $$"""{"duration": {{long.MaxValue}}}""", stop.Token);

        Assert.False(run.Result.IsCompleted);
        await stop.CancelAsync();

        Assert.Equal(JobState.Stopped, (await run.Result).State);
    }

    [Theory]
    [InlineData("""{"duration": -5}""")]
    [InlineData("""{"duration": 0}""")]
    [InlineData("""{"duration": null}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task No_time_is_over_at_once(string bytes)
    {
        await using var worker = new TestWorker(_time);

        var run = worker.Start("sleep", bytes, TestContext.Current.CancellationToken);

        Assert.True(run.Result.IsCompletedSuccessfully);
        Assert.Equal(JobState.Complete, (await run.Result).State);
    }

    [Fact]
    public async Task Field_names_may_have_any_case_as_in_Go()
    {
        await using var worker = new TestWorker(_time);
        Assert.Equal(
            "sleeping 1s",
            worker.Start("sleep", """{"DURATION": 1000000000, "more": [1]}""", TestContext.Current.CancellationToken).Context.Status);
    }

    [Theory]
    [InlineData(null, "the bytes of the sleep job are empty")]
    [InlineData("""{"duration": "1s"}""", "at $.duration")]
    [InlineData("""{"duration": 1.5}""", "at $.duration")]
    [InlineData("[1]", "they must be JSON such as {\"duration\": 1000000000}")]
    [InlineData("{", "cannot be read")]
    public async Task Bytes_that_make_no_sense_are_refused_with_the_field_and_an_example(string? bytes, string message)
    {
        await using var worker = new TestWorker(_time);
        var error = Assert.Throws<FormatException>(() => worker.Make("sleep", bytes));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
