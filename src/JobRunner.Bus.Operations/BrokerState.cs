using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations;

/// <summary>A queue or stream, as its broker counts it.</summary>
/// <param name="Messages">Messages that are ready; of a stream those it keeps.</param>
/// <param name="Consumers">Who reads it now.</param>
internal sealed record QueueState(long Messages, long Consumers);

/// <summary>What can be known of a broker without making or changing anything there.</summary>
/// <param name="Software">The broker and its version.</param>
/// <param name="Alarm">What it is short of, such as "low on memory"; <see langword="null"/> when it takes messages.</param>
/// <param name="Queues">The queues by name; <see langword="null"/> for one that is not there.</param>
/// <param name="Findings">What needs a person, each with what to do.</param>
internal sealed record BrokerState(string Software, string? Alarm, IReadOnlyDictionary<string, QueueState?> Queues, IReadOnlyList<string> Findings)
{
    private static readonly string[] OfWorkers =
        [Names.RunJob, Names.ErrorQueue(Names.RunJob), Names.JobLogRecorded, Names.ErrorQueue(Names.JobLogRecorded), Names.StopJob, Names.JobJournal];

    // There only where a worker of role Chain was.
    private static readonly string[] OfChains =
        [.. new[] { Contracts.Exchanges.RunChain, Contracts.Exchanges.ResumeChain, Contracts.Exchanges.StopChain, Names.ChainJobFinished, Names.ChainDue }
            .SelectMany(queue => new[] { queue, Names.ErrorQueue(queue) })];

    /// <summary>Looks once.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<BrokerState> LookAsync(BrokerAddress address, CancellationToken cancellation)
    {
        var alarm = await AlarmProbe.FindAsync(address, cancellation);
        await using var counts = await QueueCounts.OpenAsync(address, "jobrunner (broker)", cancellation);
        var queues = await counts.StatesOfAsync([.. OfWorkers, .. OfChains], cancellation);
        var version = counts.Version;
        List<string> findings = [];
        if (version.Verdict != PreflightVerdict.Good)
        {
            findings.Add($"{version.Text}. {version.Fix}.");
        }

        findings.AddRange(OfWorkers.Where(queue => queues[queue] is null).Select(queue => $"{queue} is not there: no worker has started here since it was deleted, or ever."));
        if (queues[Names.RunJob] is { Consumers: 0 })
        {
            findings.Add($"Nobody takes commands: {Names.RunJob} has no consumer. Start a worker of role Run.");
        }

        if (queues[Names.JobLogRecorded] is { Consumers: 0, Messages: > 0 })
        {
            findings.Add($"Nobody delivers job logs: {Names.JobLogRecorded} has no consumer. Start a worker of role Report.");
        }

        findings.AddRange(queues
            .Where(queue => queue.Key.EndsWith("_error", StringComparison.Ordinal) && queue.Value is { Messages: > 0 })
            .Select(queue => $"{queue.Key} holds messages that need a person."));
        return new BrokerState(version.What, alarm, queues.Where(queue => queue.Value is not null || OfWorkers.Contains(queue.Key)).ToDictionary(), findings);
    }
}
