using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Accept.Wait;

/// <summary>
/// Parks runs in the broker: in a queue whose messages expire after the wait and dead-letter back to <c>run-job</c>.
/// There they cost no worker anything, survive every worker, and go to whoever is free when they are due.
/// </summary>
internal sealed class BrokerRelay(BrokerLink link, BrokerTopology topology, UntilAccepted until, TimeProvider time) : IRunRelay
{
    public Task SendOnAsync(RunJob next, RunLeg leg, TimeSpan wait)
    {
        var properties = new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            MessageId = leg.Id,
            Headers = LegHeaders.For(leg, time.GetUtcNow() + wait),
        };
        var body = Wire.Serialize(next);
        return wait > TimeSpan.Zero
            ? until.RunAsync("a waiting run", cancellationToken => ParkAsync(WaitSteps.RoundUp(wait), properties, body, cancellationToken))
            : until.RunAsync("a run handed over", cancellationToken =>
                link.PublishAsync(Names.RunJobWait, Names.NoWait, properties, body, mandatory: true, cancellationToken));
    }

    private async Task ParkAsync(TimeSpan wait, BasicProperties properties, byte[] body, CancellationToken cancellationToken)
    {
        await topology.EnsureWaitQueueAsync(wait, cancellationToken);
        try
        {
            await link.PublishAsync(Names.RunJobWait, WaitSteps.NameOf(wait), properties, body, mandatory: true, cancellationToken);
        }
        catch
        {
            // Returned as unroutable when somebody deleted the queue: ask the broker anew next time.
            topology.ForgetWaitQueues();
            throw;
        }
    }
}
