using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Chains.Service.Send;

/// <summary>
/// Does what follows from an event, after its transaction. Each message is confirmed by the broker; then the store is told. What
/// fails here is done by <see cref="Outbox"/> later, by this instance or another.
/// </summary>
internal sealed class ChainSender(BrokerLink link, BrokerTopology topology, DoneNotes done, IOptions<ChainsOptions> options, TimeProvider time)
{
    /// <summary>
    /// Sends what follows from an event. What may have been sent before says so: workers then look whether the run lives or has ended.
    /// So the first to send it must not be late: what another has sent meanwhile may have run and ended, and the first would run anew.
    /// </summary>
    /// <param name="chain">The chain after the event.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TimeoutException">The broker did not take all of it in half of <see cref="ChainsOptions.SendAgainAfter"/>.</exception>
    /// <exception cref="Exception">The broker did not take all of it.</exception>
    public async Task SendAsync(StoredChain chain, CancellationToken cancellationToken)
    {
        if (chain.Effects.Count == 0)
        {
            return;
        }

        var left = chain.NewSince is { } since ? TimeToSend - time.GetElapsedTime(since) : Timeout.InfiniteTimeSpan;
        using var patience = new CancellationTokenSource(chain.NewSince is null || left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await Task.WhenAll(chain.Effects.Select(effect => SendAsync(chain.State, effect, again: chain.NewSince is null, late.Token)));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"the broker did not take it in {TimeToSend}");
        }

        done.Add(chain.State.RequestId, chain.Version);
    }

    private TimeSpan TimeToSend => options.Value.SendAgainAfter / 2;

    private Task SendAsync(ChainState chain, ChainEffect effect, bool again, CancellationToken cancellationToken) => effect switch
    {
        SendJob send when chain.Find(send.JobId) is { IsWaiting: false } job && job.IsInRun(send.SentAt) =>
            PublishAsync(Names.RunJob, "", Wire.Serialize(chain.CommandOf(chain.Plan.Find(send.JobId)!.Value)), mandatory: true, again, cancellationToken),
        AwaitJob wait when chain.Find(wait.JobId) is { IsWaiting: true } job && job.IsInRun(wait.SentAt) =>
            WaitAsync(chain.RequestId, wait, cancellationToken),
        StopJobs stop => PublishAsync(
            Names.StopJob, "", Wire.Serialize(new StopJob { RequestId = chain.RequestId, SentAt = stop.SentAt }), mandatory: true, again: false, cancellationToken),
        TellEnd => TellAsync(EndOf(chain), cancellationToken),

        // The run is over, or the wait was withdrawn.
        _ => Task.CompletedTask,
    };

    private async Task WaitAsync(string requestId, AwaitJob wait, CancellationToken cancellationToken)
    {
        var step = WaitSteps.RoundUp(wait.DueAt - time.GetUtcNow());
        var queue = ChainTopology.WaitQueue(step);
        await topology.EnsureAsync(queue, cancellationToken);
        var body = Wire.Serialize(new ChainDue { RequestId = requestId, JobId = wait.JobId, SentAt = wait.SentAt });
        try
        {
            await PublishAsync("", queue.Name, body, mandatory: true, again: false, cancellationToken);
        }
        catch
        {
            // Returned when somebody deleted the queue: ask the broker anew next time.
            topology.ForgetWaitQueues();
            throw;
        }
    }

    /// <summary>Tells the end of a chain to whoever listens.</summary>
    public Task TellAsync(ChainFinished end, CancellationToken cancellationToken) =>
        PublishAsync(ChainNames.ChainFinished, "", Wire.Serialize(end), mandatory: false, again: false, cancellationToken);

    /// <summary>What a chain that has ended tells.</summary>
    public static ChainFinished EndOf(ChainState chain) => new()
    {
        RequestId = chain.RequestId,
        State = chain.State,
        FinishedAt = chain.EndedAt,
        FinishedJobs = chain.FinishedJobs,
        Jobs = chain.Jobs.Select((job, place) => (chain.Plan.JobAt(place).Id, job))
            .ToDictionary(pair => pair.Id, pair => new ChainJobEnd { State = pair.job.State, Tries = pair.job.TotalTries }),
    };

    private Task PublishAsync(string exchange, string routingKey, byte[] body, bool mandatory, bool again, CancellationToken cancellationToken)
    {
        var properties = new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Persistent };
        if (again)
        {
            properties.Headers = new Dictionary<string, object?> { [WorkerHeaders.DeliveredBefore] = "1" };
        }

        return link.PublishAsync(exchange, routingKey, properties, body, mandatory, cancellationToken);
    }
}
