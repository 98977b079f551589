using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Record;

/// <summary>
/// The outlet to a broker: plain AMQP on a connection of its own, every message in flight at once, confirms matched as they
/// come. One loop writes, so that messages leave in the order in which they were given. While this worker may have lost
/// its runs, none leave.
/// </summary>
internal sealed class BrokerOutlet : IOutlet, IAsyncDisposable
{
    private static readonly BasicProperties LogProperties = new() { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Persistent };

    private readonly BrokerLink _link;
    private readonly BrokerTopology _topology;
    private readonly ILeases _leases;
    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly Channel<(Publication First, Publication? Second)> _queue =
        Channel.CreateUnbounded<(Publication, Publication?)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writing;
    private ConfirmedChannel? _channel;
    private bool _lostBefore;

    public BrokerOutlet(BrokerLink link, BrokerTopology topology, ILeases leases, IOptions<WorkerOptions> options, TimeProvider time)
    {
        (_link, _topology, _leases, _options, _time) = (link, topology, leases, options.Value, time);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>How long the broker's word is waited for.</summary>
    public ConfirmPatience Patience { get; init; } = new();

    public Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken) =>
        Send(Log(log, TraceHeaders.CurrentContext(), cancellationToken), null);

    public Task FinishedAsync(RunEndNews end, CancellationToken cancellationToken) =>
        Send(End(end, TraceHeaders.CurrentContext(), cancellationToken), null);

    public (Task Logged, Task Told) Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        var (first, second) = (Log(log, logTrace, cancellationToken), End(end, endTrace, cancellationToken));
        return (Send(first, second), second.Task);
    }

    // Mandatory: accepted without a queue to hold it would be lost.
    private static Publication Log(JobLogRecorded log, ActivityContext trace, CancellationToken cancellationToken) =>
        new(Names.JobLogRecorded, trace == default ? LogProperties : Properties([], trace), Wire.Serialize(log), mandatory: true, cancellationToken);

    private static Publication End(RunEndNews end, ActivityContext trace, CancellationToken cancellationToken) =>
        new(Names.JobFinished, Properties(HeadersOf(end), trace), Wire.Serialize(end.Finished), mandatory: false, cancellationToken);

    private static BasicProperties Properties(Dictionary<string, object?> headers, ActivityContext trace)
    {
        TraceHeaders.Inject(headers, trace);
        return new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Persistent, Headers = headers };
    }

    private static Dictionary<string, object?> HeadersOf(RunEndNews end)
    {
        var headers = new Dictionary<string, object?>(2)
        {
            [WorkerHeaders.At] = end.At.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
        };
        if (end.CommandSentAt is { } sentAt)
        {
            headers[WorkerHeaders.CommandSentAt] = sentAt.UtcTicks.ToString(CultureInfo.InvariantCulture);
        }

        return headers;
    }

    private Task Send(Publication first, Publication? second)
    {
        if (!_queue.Writer.TryWrite((first, second)))
        {
            first.Fail(new ObjectDisposedException(nameof(BrokerOutlet)));
            second?.Fail(new ObjectDisposedException(nameof(BrokerOutlet)));
        }

        return first.Task;
    }

    private async Task WriteAsync()
    {
        await foreach (var (first, second) in _queue.Reader.ReadAllAsync(_stopping.Token))
        {
            try
            {
                var channel = await OpenAsync();
                // As late as can be: what was sent again after a pause passes here, too.
                await _leases.InContactAsync(_stopping.Token);
                // What was given up meanwhile must not leave any more; and an end never leaves without its log.
                if (!first.IsOver && await channel.TryPublishAsync(first) && second is { IsOver: false })
                {
                    await channel.TryPublishAsync(second);
                }
                else
                {
                    second?.Fail(new IOException("its log was not sent"));
                }
            }
            catch (Exception error)
            {
                // All that wait would meet the same: one by one each would wait for the same timeout.
                Fail(error, first, second);
                while (_queue.Reader.TryRead(out var next))
                {
                    Fail(error, next.First, next.Second);
                }
            }
        }
    }

    private static void Fail(Exception error, Publication first, Publication? second)
    {
        first.Fail(error);
        second?.Fail(error);
    }

    private async ValueTask<ConfirmedChannel> OpenAsync()
    {
        if (_channel is { IsOpen: true } open)
        {
            return open;
        }

        if (_channel is { } lost)
        {
            _channel = null;
            _lostBefore = true;
            await lost.DisposeAsync();
        }

        if (_lostBefore)
        {
            // It may be a broker without data that came back.
            await _topology.DeclareAsync(_options, _stopping.Token);
        }

        _channel = await ConfirmedChannel.OpenAsync(await _link.OpenAsync("logs and ends", _stopping.Token), Patience, _time, _stopping.Token);
        return _channel;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }

        _stopping.Dispose();
    }
}
