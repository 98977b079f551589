using System.Globalization;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Stops;

/// <summary>Reads the stream of stops, and begins anew when it hears nothing.</summary>
internal sealed class StopReader(
    IReceiveEndpointConnector endpoints, StopCatchUp catchUp, StopHearing hearing, StopSilence silence, BrokerLink link, WorkerName worker, TimeProvider time, ILogger<StopReader> logger) : IStopStream
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan TimeToTell = TimeSpan.FromSeconds(10);

    private Reading? _reading;

    /// <summary>Begins to read; returns when the broker delivers.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        hearing.Lost();
        _reading = Read();
        await _reading.Endpoint.Ready.WaitAsync(cancellationToken);
    }

    /// <summary>Sees to it that stops are heard, until it is told to end.</summary>
    public Task WatchAsync(CancellationToken cancellationToken) =>
        LongLived.RunAsync("The watch of the stream of stops", token => silence.WatchAsync(this, token), time, logger, cancellationToken);

    public async Task<long> LastAsync(CancellationToken cancellationToken)
    {
        var last = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        await link.UseAsync(
            async (channel, open) =>
            {
                await channel.BasicQosAsync(0, prefetchCount: 1, global: false, open);
                var consumer = new AsyncEventingBasicConsumer(channel);
                consumer.ReceivedAsync += (_, delivery) =>
                {
                    last.TrySetResult(Convert.ToInt64(delivery.BasicProperties.Headers!["x-stream-offset"], CultureInfo.InvariantCulture));
                    return Task.CompletedTask;
                };
                await channel.BasicConsumeAsync(
                    Names.StopJob, autoAck: false, "", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-stream-offset"] = "last" }, consumer, open);
                await last.Task.WaitAsync(TimeToTell, time, open);
            },
            cancellationToken);
        return await last.Task;
    }

    public async Task ReadAnewAsync(CancellationToken cancellationToken)
    {
        if (_reading is { } deaf)
        {
            deaf.Events.IsOver = true;
            // It may never answer.
            await deaf.Endpoint.StopAsync(CancellationToken.None).WaitAsync(TimeToEnd, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        cancellationToken.ThrowIfCancellationRequested();
        hearing.Lost();
        _reading = Read();
    }

    private Reading Read()
    {
        var events = new EventsOfOne(catchUp);
        return new Reading(endpoints.ConnectWorker<StopJobConsumer>(Names.StopJob, worker, events), events);
    }

    private sealed record Reading(HostReceiveEndpointHandle Endpoint, EventsOfOne Events);

    /// <summary>What becomes of one reading; of no interest once another has begun.</summary>
    private sealed class EventsOfOne(IReceiveEndpointObserver observer) : IReceiveEndpointObserver
    {
        private volatile bool _isOver;

        public bool IsOver { get => _isOver; set => _isOver = value; }

        Task IReceiveEndpointObserver.Ready(ReceiveEndpointReady ready) => IsOver ? Task.CompletedTask : observer.Ready(ready);

        Task IReceiveEndpointObserver.Stopping(ReceiveEndpointStopping stopping) => IsOver ? Task.CompletedTask : observer.Stopping(stopping);

        Task IReceiveEndpointObserver.Completed(ReceiveEndpointCompleted completed) => IsOver ? Task.CompletedTask : observer.Completed(completed);

        Task IReceiveEndpointObserver.Faulted(ReceiveEndpointFaulted faulted) => IsOver ? Task.CompletedTask : observer.Faulted(faulted);
    }
}
