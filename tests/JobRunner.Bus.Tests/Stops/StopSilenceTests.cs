using JobRunner.Bus.Stops;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Stops;

/// <summary>A stream of stops that is read, but tells nothing, is read anew.</summary>
public sealed class StopSilenceTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger<StopSilence> _logger = new();
    private readonly StopSilence _silence;
    private readonly Stream _stream = new();
    private readonly CancellationTokenSource _over = new();
    private readonly Task _watching;

    public StopSilenceTests()
    {
        _silence = new StopSilence(_time, _logger);
        _silence.Heard("7");
        _watching = _silence.WatchAsync(_stream, _over.Token);
    }

    [Fact]
    public async Task A_stream_that_has_more_than_it_tells_is_read_anew_and_a_warning_says_so()
    {
        await LookAsync();
        _stream.Last = 8;

        await UntilAsync(() => _stream.Readings == 1);

        Assert.Contains(_logger.Collector.GetSnapshot(), line => line.Id.Id == 1114);
    }

    [Fact]
    public async Task A_stream_that_was_heard_to_its_end_is_left_alone()
    {
        for (var look = 0; look < 5; look++)
        {
            await LookAsync();
        }

        Assert.Equal(0, _stream.Readings);
    }

    [Fact]
    public async Task What_is_heard_late_is_waited_for()
    {
        _stream.Last = 9;
        await LookAsync();
        _silence.Heard("8");
        await LookAsync();
        _silence.Heard("9");
        await LookAsync();

        Assert.Equal(0, _stream.Readings);
    }

    [Fact]
    public async Task While_something_is_heard_the_broker_is_not_asked()
    {
        for (var second = 0; second < 60; second++)
        {
            _silence.Heard($"{second}");
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, _stream.Looks);
    }

    [Fact]
    public async Task A_reader_that_stays_deaf_is_given_more_and_more_time()
    {
        _stream.Last = 8;
        await UntilAsync(() => _stream.Readings == 1);
        var first = _time.GetTimestamp();
        await UntilAsync(() => _stream.Readings == 2);

        Assert.True(_time.GetElapsedTime(first) >= StopSilence.Quiet + (StopSilence.Patience * 2), $"{_time.GetElapsedTime(first)}");
    }

    [Fact]
    public async Task A_broker_that_cannot_tell_is_no_reason_and_the_watch_goes_on_after_it()
    {
        _stream.Last = 8;
        _stream.Fault = new IOException("away");
        await LookAsync();
        await LookAsync();
        Assert.Equal(0, _stream.Readings);

        _stream.Fault = null;

        await UntilAsync(() => _stream.Readings == 1);
    }

    [Fact]
    public async Task A_reading_that_cannot_begin_is_tried_again()
    {
        _stream.Last = 8;
        _stream.ReadingFault = new InvalidOperationException("no");

        await UntilAsync(() => _stream.Readings == 2);

        Assert.Contains(_logger.Collector.GetSnapshot(), line => line.Id.Id == 1115);
    }

    private async Task LookAsync()
    {
        var looks = _stream.Looks;
        await UntilAsync(() => _stream.Looks > looks);
    }

    private Task UntilAsync(Func<bool> condition) => Eventually.HoldsAsync("it happens as time goes by", () =>
    {
        _time.Advance(TimeSpan.FromSeconds(1));
        return condition();
    });

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _over.Dispose();
    }

    private sealed class Stream : IStopStream
    {
        private int _looks;
        private int _readings;

        public long Last { get; set; } = 7;

        public Exception? Fault { get; set; }

        public Exception? ReadingFault { get; set; }

        public int Looks => Volatile.Read(ref _looks);

        public int Readings => Volatile.Read(ref _readings);

        public Task<long> LastAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _looks);
            return Fault is { } fault ? Task.FromException<long>(fault) : Task.FromResult(Last);
        }

        public Task ReadAnewAsync(CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _readings);
            return ReadingFault is { } fault ? Task.FromException(fault) : Task.CompletedTask;
        }
    }
}
