using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Runs;

/// <summary>
/// Parks runs in the broker: in a queue whose messages expire after the wait and dead-letter back to <c>run-job</c>.
/// There they cost no worker anything, survive every worker, and go to whoever is free when they are due.
/// </summary>
internal sealed class BrokerRelay(
    BrokerLink link, BrokerTopology topology, ILeases leases, UntilAccepted until, IOptions<WorkerOptions> options, TimeProvider time) : IRunRelay
{
    // A queue is on disk only about a second after it was made (measured on RabbitMQ 3.10): what it confirmed before is lost with a
    // broker that is killed. Until then a run waits here.
    private static readonly TimeSpan QueueIsSafeAfter = TimeSpan.FromSeconds(1.5);

    // Whoever gets a run that is not due yet looks for its stop: often enough that none is forgotten before.
    private TimeSpan LongestStay => options.Value.StopRetention / 2;

    public async Task SendOnAsync(RunJob next, RunLeg leg, TimeSpan wait, CancellationToken abandoned = default)
    {
        using var span = MessageSpans.Publish(Names.RunJobWait, next.RequestId, next.Job.Id);
        var step = StepOf(wait);
        var properties = Properties(LegHeaders.For(leg, time.GetUtcNow() + wait, wait - step));
        properties.MessageId = leg.Id;
        properties.Headers![JournalFilter.ValueHeader] = next.RequestId;
        var body = Wire.Serialize(next);
        var attempts = 0;
        if (wait <= TimeSpan.Zero)
        {
            await until.RunAsync("a run handed over", token => SendAsync(
                Names.RunJobWait, Names.NoWait, MarkAgain(properties, attempts++), body, Names.RunJob, token), abandoned);
            return;
        }

        await until.RunAsync("a waiting run", token => ParkAsync(
            step, Names.RunJobWait, WaitSteps.NameOf(step), MarkAgain(properties, attempts++), body, token), abandoned);
    }

    public Task RequeueAsync(CommandDelivery delivery, TimeSpan wait)
    {
        // Straight to its queue: the journal is bound to the exchange, and this is no news.
        var step = StepOf(wait);
        var properties = Properties(LegHeaders.For(delivery, wait - step));
        var body = Wire.Serialize(delivery.Command with { SentAt = delivery.Command.SentAt ?? delivery.SentAt });
        if (wait <= TimeSpan.Zero)
        {
            return until.RunAsync("a requeued command", token => SendAsync("", Names.RunJob, properties, body, Names.RunJob, token));
        }

        return until.RunAsync("a requeued command", token =>
            ParkAsync(step, "", Names.WaitQueue(WaitSteps.NameOf(step)), properties, body, token));
    }

    private TimeSpan StepOf(TimeSpan wait) => WaitSteps.RoundUp(wait < LongestStay ? wait : LongestStay);

    /// <summary>
    /// The first may have arrived though that was not heard: whoever gets the second looks whether the first has run. It is
    /// behind the first in every queue.
    /// </summary>
    private static BasicProperties MarkAgain(BasicProperties properties, int attempts)
    {
        if (attempts > 0)
        {
            properties.Headers![WorkerHeaders.DeliveredBefore] = "yes";
        }

        return properties;
    }

    private static BasicProperties Properties(Dictionary<string, object?> headers)
    {
        TraceHeaders.Inject(headers);
        return new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Headers = headers,
        };
    }

    /// <summary>Not while this worker may have lost its runs: another may have gone on with this one.</summary>
    private async Task SendAsync(
        string exchange, string routingKey, BasicProperties properties, byte[] body, string keeper, CancellationToken cancellationToken)
    {
        await leases.InContactAsync(cancellationToken);
        await link.PublishAsync(new Publication(exchange, routingKey, properties, body, mandatory: true, cancellationToken)
        {
            Keeper = keeper,
            MayLeave = leases.InContactAsync,
        });
    }

    private async Task ParkAsync(
        TimeSpan wait, string exchange, string routingKey, BasicProperties properties, byte[] body, CancellationToken cancellationToken)
    {
        if (QueueIsSafeAfter - await topology.EnsureWaitQueueAsync(wait, cancellationToken) is { Ticks: > 0 } young)
        {
            var held = young < wait ? young : wait;
            await Task.Delay(held, time, cancellationToken);
            // The rest of its wait; the queue's own time is an upper bound.
            properties.Expiration = ((long)(wait - held).TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        try
        {
            await SendAsync(exchange, routingKey, properties, body, Names.WaitQueue(WaitSteps.NameOf(wait)), cancellationToken);
        }
        catch
        {
            // Refused when somebody deleted the queue: ask the broker anew next time.
            topology.ForgetWaitQueues();
            throw;
        }
    }
}
