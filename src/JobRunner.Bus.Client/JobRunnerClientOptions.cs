using System.Diagnostics;
using RabbitMQ.Client;

namespace JobRunner.Bus.Client;

/// <summary>How a <see cref="JobRunnerClient"/> behaves.</summary>
public sealed record JobRunnerClientOptions
{
    /// <summary>
    /// Name of a durable queue that holds this scheduler's results, also while no process of it runs; for instance
    /// <c>scheduler.nightly</c>. One name per scheduler: two clients with the same name take results from each other.
    /// The queue stays until it is deleted by hand. Absent: a queue of this client's own, which outlives a lost connection
    /// by <see cref="OwnQueueExpires"/> and goes with the client.
    /// </summary>
    public string? ResultQueue { get; init; }

    /// <summary>
    /// How the name of a queue of this client's own begins; default <c>scheduler.</c>, which the user <c>scheduler</c> of
    /// <c>infra/rabbitmq/definitions.json</c> may declare.
    /// </summary>
    public string OwnQueuePrefix { get; init; } = "scheduler.";

    /// <summary>How long a queue of this client's own outlives its connection, at least 1 second; default 1 hour.</summary>
    public TimeSpan OwnQueueExpires { get; init; } = TimeSpan.FromHours(1);

    /// <summary>
    /// How long a result that nobody waits for is kept for a later <see cref="JobRunnerClient.WaitForAsync"/>; default 10
    /// minutes. Keep it below the broker's consumer timeout (30 minutes unless it is told otherwise). Results of other
    /// schedulers arrive too, and go the same way.
    /// </summary>
    public TimeSpan KeepUnclaimed { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long to look for a broker that was lost, or to wait for one that has an alarm, before
    /// <see cref="JobRunnerClient.SubmitAsync"/> and the like give up; default 1 minute.
    /// </summary>
    public TimeSpan ReconnectTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// How long the broker may take to say that it has a message; default 30 seconds, at least 1. Then whoever sent it is told that
    /// this is not known, and the next message goes out on another connection. While a broker short of memory or disk space reads
    /// nothing from its publishers, <see cref="ReconnectTimeout"/> counts instead.
    /// </summary>
    public TimeSpan ConfirmTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Whether results are received; default <see langword="true"/>. Without them the client has no queue,
    /// <see cref="JobRunnerClient.RunAsync"/> and <see cref="JobRunnerClient.WaitForAsync"/> cannot be used, and nothing can be
    /// missed.
    /// </summary>
    public bool ReceivesResults { get; init; } = true;

    /// <summary>
    /// Whether the logs of jobs are received with the results, for <see cref="IJobRunnerObserver.OnLog"/>; default
    /// <see langword="false"/>. The user must be permitted to read the exchange <c>job-log-recorded</c>.
    /// </summary>
    public bool ReceivesLogs { get; init; }

    /// <summary>Told what happens, as it happens.</summary>
    public IJobRunnerObserver? Observer { get; init; }

    /// <summary>Name of the connections in the management UI.</summary>
    public string ClientName { get; init; } = "jobrunner scheduler";

    /// <summary>
    /// Changes how connections are made: heartbeats, credentials that are renewed. Address, nodes and TLS are in
    /// <see cref="RabbitMq.RabbitMqOptions"/>.
    /// </summary>
    public Action<ConnectionFactory>? ConfigureConnection { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Tells the observer something. It must not throw; where it does, the client goes on.</summary>
    internal void Tell(Action<IJobRunnerObserver> what)
    {
        if (Observer is null)
        {
            return;
        }

        try
        {
            what(Observer);
        }
        catch (Exception error)
        {
            Trace.TraceError($"JobRunner.Bus.Client: the observer threw {error}");
        }
    }

    internal void TellAlarm(string? reason) => Tell(observer => observer.OnAlarm(reason));

    internal void Validate()
    {
        if (ResultQueue is { } queue && (queue.Length is 0 or > 255 || queue.StartsWith("amq.", StringComparison.Ordinal)))
        {
            throw new ArgumentException($"{nameof(ResultQueue)} must be 1 to 255 characters and must not begin with \"amq.\"");
        }

        Require(OwnQueuePrefix is { Length: <= 200 } && !OwnQueuePrefix.StartsWith("amq.", StringComparison.Ordinal), nameof(OwnQueuePrefix), "at most 200 characters and must not begin with \"amq.\"");
        Require(ReceivesResults || ResultQueue is null, nameof(ReceivesResults), $"true with a {nameof(ResultQueue)}");
        Require(ReceivesResults || !ReceivesLogs, nameof(ReceivesResults), $"true with {nameof(ReceivesLogs)}");
        Require(OwnQueueExpires >= TimeSpan.FromSeconds(1), nameof(OwnQueueExpires), "at least 1 second");
        Require(KeepUnclaimed >= TimeSpan.Zero, nameof(KeepUnclaimed), "0 or longer");
        Require(ConfirmTimeout >= TimeSpan.FromSeconds(1), nameof(ConfirmTimeout), "at least 1 second");
        Require(ReconnectTimeout >= TimeSpan.Zero, nameof(ReconnectTimeout), "0 or longer");
    }

    private static void Require(bool holds, string name, string range)
    {
        if (!holds)
        {
            throw new ArgumentException($"{name} must be {range}");
        }
    }
}
