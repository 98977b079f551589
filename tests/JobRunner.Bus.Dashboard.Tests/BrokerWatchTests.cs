using JobRunner.Bus.Dashboard.Watch;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Dashboard.Tests;

public sealed class BrokerWatchTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_look_that_fails_whatever_the_error_is_told_and_begun_again()
    {
        using var stop = new CancellationTokenSource();
        List<string> told = [];
        var looks = 0;
        var keeping = BrokerWatch.KeepAsync(
            _ =>
            {
                looks++;
                throw new InvalidOperationException($"look {looks}");
            },
            error => told.Add(error.Message),
            _time,
            stop.Token);
        _time.Advance(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["look 1", "look 2", "look 3"], told);
        await stop.CancelAsync();
        await keeping;
    }

    [Fact]
    public async Task A_connection_that_is_lost_as_the_process_ends_is_no_error_and_ends_no_host()
    {
        using var stop = new CancellationTokenSource();
        List<Exception> told = [];

        await BrokerWatch.KeepAsync(
            async _ =>
            {
                await stop.CancelAsync();
                throw new IOException("the connection was lost");
            },
            told.Add,
            _time,
            stop.Token);

        Assert.Empty(told);
    }
}
