using System.Diagnostics;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>A scheduler that sends one side commands by the clock and hears their ends.</summary>
internal sealed class LatencyProbe : IAsyncDisposable
{
    private readonly Side _side;
    private readonly string _request;
    private readonly long[] _sentAt;
    private readonly double[] _took;
    private readonly Lock _lock = new();
    private TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _tag = "";
    private int _sent;
    private int _due;
    private int _heard;

    private LatencyProbe(Side side, string request, int jobs)
    {
        _side = side;
        _request = request;
        _sentAt = new long[jobs];
        _took = new double[jobs];
    }

    /// <summary>Milliseconds of each job, all ended.</summary>
    public IReadOnlyList<double> Took => _took;

    /// <param name="side">Who runs the jobs.</param>
    /// <param name="request">Their request.</param>
    /// <param name="jobs">Jobs that will be sent.</param>
    public static async Task<LatencyProbe> OpenAsync(Side side, string request, int jobs)
    {
        var probe = new LatencyProbe(side, request, jobs);
        probe._tag = await Consumers.ConsumeAsync(side.Load.Channel, Load.Ends, autoAck: true, (_, body) => probe.Heard(Stopwatch.GetTimestamp(), body.Span));
        return probe;
    }

    /// <summary>Sends when each is due, whatever became of those before; returns when all have ended.</summary>
    /// <exception cref="InvalidOperationException">A job was lost or repeated.</exception>
    public async Task SendAsync(int count, int perSecond)
    {
        lock (_lock)
        {
            _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _due += count;
        }

        var sending = new List<Task>(count);
        var (first, start) = (_sent, Stopwatch.GetTimestamp());
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1)))
        {
            while (_sent < _due)
            {
                await timer.WaitForNextTickAsync();
                for (var due = first + (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * perSecond); _sent < Math.Min(due, _due); _sent++)
                {
                    var command = Load.Command(_request, Load.JobId(_sent));
                    _sentAt[_sent] = Stopwatch.GetTimestamp();
                    sending.Add(_side.Load.SendAsync(command));
                }
            }
        }

        await Task.WhenAll(sending);
        try
        {
            await _ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"{_due - _heard} jobs of the {_side.Name} have not ended");
        }
    }

    private void Heard(long now, ReadOnlySpan<byte> body)
    {
        var (request, job) = Ids.Of(body);
        lock (_lock)
        {
            var number = Convert.ToInt32(job, 16);
            if (request != _request || _took[number] != 0)
            {
                _ended.TrySetException(new InvalidOperationException($"the {_side.Name} repeated job {job}"));
            }

            _took[number] = Stopwatch.GetElapsedTime(_sentAt[number], now).TotalMilliseconds;
            if (++_heard == _due)
            {
                _ended.TrySetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _side.Load.Channel.BasicCancelAsync(_tag);
        await _side.Load.Channel.QueuePurgeAsync("job-log-recorded");
    }
}
