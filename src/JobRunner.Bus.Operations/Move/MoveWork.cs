using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations.Move;

/// <summary>
/// Carries what lies in the queues of one broker over to another, such as one of a version too far ahead for an upgrade. The streams are copied
/// first: whoever runs a moved command asks them what was tried and stopped. A message leaves its queue when the other broker has it.
/// </summary>
internal sealed class MoveWork(IRepairBroker from, IRepairBroker to, MovePlan plan, TimeProvider time, Action<MoveCount> tell, Action<string> tellProgress)
{
    private const int SendsAtOnce = 500;

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(5);

    private static readonly string[] Streams = [Names.JobJournal, Names.StopJob];

    private long _toldAt;

    /// <summary>Does it, telling of each queue and stream that is over and was not empty; of a queue again where it was filled meanwhile.</summary>
    /// <exception cref="SchedulerBusException">A broker cannot be used, or it failed on the way: what was not moved is where it was.</exception>
    /// <exception cref="CommandException">Both are the same broker, somebody reads the queues, or the other has none for them; nothing was moved.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        if (await from.IsAsync(to, stop))
        {
            throw new CommandException($"{from.Where} and {to.Where} are the same broker and virtual host: everything is there already. Nothing was moved");
        }

        var there = await from.StatesAsync([.. Streams, .. plan.Queues.Select(queue => queue.From)], stop);
        if (there.FirstOrDefault(queue => queue.Value is { Consumers: > 0 }) is { Key: { } read, Value: { } state })
        {
            throw new CommandException(
                $"{read} at {from.Where} is still read by {state.Consumers}: end the workers there first (SIGTERM: they hand over what they run). Nothing was moved");
        }

        var streams = Streams.Where(stream => there[stream] is not null).ToList();
        var full = Full(there);
        if (plan.DryRun)
        {
            foreach (var queue in streams.Concat(full.Select(queue => queue.From)))
            {
                tell(new MoveCount(queue, there[queue]!.Messages));
            }

            return;
        }

        var missing = (await to.StatesAsync([.. streams.Concat(full.Select(queue => queue.To)).Distinct()], stop)).Where(queue => queue.Value is null).ToList();
        if (missing.Count > 0)
        {
            throw new CommandException(
                $"{string.Join(", ", missing.Select(queue => queue.Key))} is not there at {to.Where}: import the definitions of the other broker, "
                + "or start a worker of the same settings there. Nothing was moved");
        }

        _toldAt = time.GetTimestamp();
        foreach (var stream in streams)
        {
            await CopyAsync(stream, stop);
        }

        while (full.Count > 0)
        {
            foreach (var queue in full)
            {
                await MoveAsync(queue, stop);
            }

            // A wait may have ended meanwhile: its message is then in a queue that was empty, or has been emptied.
            there = await from.StatesAsync([.. plan.Queues.Select(queue => queue.From)], stop);
            full = Full(there);
        }
    }

    private List<QueueMove> Full(IReadOnlyDictionary<string, QueueState?> there) => [.. plan.Queues.Where(queue => there[queue.From] is { Messages: > 0 })];

    private async Task CopyAsync(string stream, CancellationToken stop)
    {
        var firstSeen = stream == Names.StopJob ? await FirstSeenAsync(stop) : [];
        var copied = 0L;
        using var sending = new Sending(SendsAtOnce);
        try
        {
            await from.ReadStreamAsync(stream, since: null, async message =>
            {
                if ((stream == Names.StopJob ? MovedMessage.OfStop(message, firstSeen) : MovedMessage.OfJournal(message)) is { } copy)
                {
                    await sending.BeginAsync(() => to.SendAsync(copy, CancellationToken.None), stop);
                    TellProgress(stream, ++copied);
                }
            }, stop);
        }
        finally
        {
            await sending.EndAsync();
        }

        await sending.ThrowIfBrokenAsync();
        tell(new MoveCount(stream, copied));
    }

    private async Task<Dictionary<string, DateTimeOffset>> FirstSeenAsync(CancellationToken stop)
    {
        Dictionary<string, DateTimeOffset> seen = [];
        await from.ReadStreamAsync(Names.StopJob, since: null, message =>
        {
            if (MovedMessage.FirstSeenOf(message) is { } note)
            {
                // Several workers may have seen it.
                seen.TryAdd(note.Place, note.At);
            }

            return ValueTask.CompletedTask;
        }, stop);
        return seen;
    }

    private async Task MoveAsync(QueueMove queue, CancellationToken stop)
    {
        var moved = 0L;
        await from.TakeAllAsync(queue.From, async message =>
        {
            await to.SendAsync(MovedMessage.Of(queue, message), CancellationToken.None);
            TellProgress(queue.From, Interlocked.Increment(ref moved));
        }, stop);
        tell(new MoveCount(queue.From, moved));
    }

    private void TellProgress(string queue, long count)
    {
        if (time.GetElapsedTime(Interlocked.Read(ref _toldAt)) >= TellEvery)
        {
            Interlocked.Exchange(ref _toldAt, time.GetTimestamp());
            tellProgress($"{queue}: {count} messages …");
        }
    }
}
