using System.Diagnostics.Metrics;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Telemetry;

/// <summary>
/// How many messages wait in the queues that matter, the error queues first of all. Every worker asks the broker, so
/// that the number is there without the broker's own metrics; it is the same at all of them.
/// </summary>
internal sealed class QueueDepths : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private static readonly string[] Queues =
        [Names.RunJob, Names.ErrorQueue(Names.RunJob), Names.JobLogRecorded, Names.ErrorQueue(Names.JobLogRecorded)];

    // Settings are validated after this is made.
    private readonly Lazy<IReadOnlyList<string>> _queues;
    private readonly Meter _meter;
    private readonly ObservableGauge<long> _gauge;
    private readonly BrokerLink _link;
    private readonly TimeProvider _time;
    private volatile Measurement<long>[] _depths = [];

    public QueueDepths(IMeterFactory meters, BrokerLink link, BrokerTopology topology, IOptions<WorkerOptions> options, TimeProvider time)
    {
        _queues = new(() => [.. Queues, .. topology.MoreOf(options.Value).SelectMany(role => role.Queues).Select(queue => queue.Name)]);
        _link = link;
        _time = time;
        _meter = meters.Create(WorkerMetrics.MeterName);
        _gauge = _meter.CreateObservableGauge(
            "jobrunner.queue.messages", () => _depths, "{message}", "Messages ready in a queue, the same at every worker");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        do
        {
            if (_gauge.Enabled)
            {
                await AskAsync(stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            List<Measurement<long>> depths = [];
            foreach (var queue in _queues.Value)
            {
                await _link.UseAsync(async channel => depths.Add(new Measurement<long>(
                    (await channel.QueueDeclarePassiveAsync(queue, cancellationToken)).MessageCount,
                    KeyValuePair.Create<string, object?>("messaging.destination.name", queue))), cancellationToken);
            }

            _depths = [.. depths];
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is not OutOfMemoryException)
        {
            // Not known is told as such, by no number at all. That the broker is away is logged elsewhere.
            _depths = [];
        }
    }

    public override void Dispose()
    {
        _meter.Dispose();
        base.Dispose();
    }
}
