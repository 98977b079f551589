using JobRunner.Bus.Hosting;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Hosting;

public sealed class LongLivedTests
{
    [Fact]
    public async Task Work_that_ends_by_an_error_is_logged_begins_again_and_ends_when_told_to()
    {
        var (time, logger) = (new FakeTimeProvider(), new FakeLogger());
        using var end = new CancellationTokenSource();
        var lives = 0;
        var work = LongLived.RunAsync(
            "The work",
            async token =>
            {
                if (++lives < 3)
                {
                    throw new InvalidOperationException("its own fault");
                }

                await Task.Delay(Timeout.InfiniteTimeSpan, time, token);
            },
            time,
            logger,
            end.Token);

        await Eventually.HoldsAsync("its third life", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return lives == 3;
        });
        Assert.Equal(2, logger.Collector.GetSnapshot().Count(line => line.Exception?.Message == "its own fault" && line.Message.StartsWith("The work", StringComparison.Ordinal)));
        Assert.False(work.IsCompleted);

        await end.CancelAsync();
        await work;
    }
}
