using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Looks at everything a worker depends on at its broker, before it takes work. What is missing is made, as any worker
/// would; what is there otherwise is found by declaring it, and permissions by trying what needs them in a way that changes
/// nothing.
/// </summary>
internal sealed class Preflight(BrokerLink link, BrokerTopology topology, IOptions<WorkerOptions> options)
{
    private const string Write = "write";
    private const string Read = "read";
    private const string Configure = "configure";

    /// <summary>Looks at everything, and tells what it found.</summary>
    /// <exception cref="Exception">The broker cannot be reached, or cannot answer now.</exception>
    public async Task<IReadOnlyList<PreflightFinding>> RunAsync(CancellationToken cancellationToken)
    {
        var address = link.Address;
        try
        {
            return await LookAsync(address, cancellationToken);
        }
        catch (Exception error) when (BrokerFaults.IsRefusal(error) || BrokerFaults.IsTls(error))
        {
            // Also after the connection was made: RabbitMQ may refuse the virtual host a moment later.
            return
            [
                new PreflightFinding(
                    $"broker {address.Endpoint}",
                    PreflightVerdict.Wrong,
                    PreflightWords.Capital(BrokerFaults.Describe(error, address)),
                    "Correct JobRunner__RabbitMq__Uri and the files beside it, or the user, virtual host or certificate on the broker"),
            ];
        }
    }

    private async Task<IReadOnlyList<PreflightFinding>> LookAsync(BrokerAddress address, CancellationToken cancellationToken)
    {
        var connection = await link.OpenAsync("preflight", cancellationToken);
        await using (connection)
        {
            var version = BrokerVersion.Check(Endpoint(connection.Endpoint), connection.ServerProperties);
            if (version.Verdict == PreflightVerdict.Wrong)
            {
                return [version];
            }

            await using var probe = new PreflightProbe(connection);
            var permissions = new PreflightPermissions(address.User, address.VirtualHost);
            List<PreflightFinding> findings = [version];
            if (link.IsCluster && BrokerVersion.CheckCluster(Endpoint(connection.Endpoint), connection.ServerProperties) is { } note)
            {
                findings.Add(note);
            }

            await DeclareAsync(probe, permissions, findings, cancellationToken);
            await TryOwnQueuesAsync(probe, permissions, cancellationToken);
            await TryPublishingAsync(probe, permissions, cancellationToken);
            findings.AddRange(permissions.Findings());
            findings.Add(new PreflightFinding(
                "consumer timeout",
                PreflightVerdict.Note,
                "The broker's consumer timeout cannot be asked for over AMQP (30 min unless rabbitmq.conf sets it)",
                "A longer try goes on when it passes, at the cost of a warning: set consumer_timeout above the longest try, or from RabbitMQ 3.12 on the policy consumer-timeout of run-job"));
            return findings;
        }
    }

    private async Task DeclareAsync(PreflightProbe probe, PreflightPermissions permissions, List<PreflightFinding> findings, CancellationToken cancellationToken)
    {
        foreach (var exchange in topology.ExchangesOf(options.Value))
        {
            var refused = await probe.TryAsync(
                channel => channel.ExchangeDeclareAsync(exchange.Name, exchange.Type, durable: true, cancellationToken: cancellationToken), cancellationToken);
            AddDeclared(refused?.ReplyCode, refused?.ReplyText, $"exchange {exchange.Name}", reply => PreflightWords.OfExchange(exchange, reply));
        }

        foreach (var queue in topology.QueuesOf(options.Value))
        {
            var refused = await probe.TryAsync(
                channel => channel.QueueDeclareAsync(queue.Name, durable: true, exclusive: false, autoDelete: false, queue.Arguments, cancellationToken: cancellationToken),
                cancellationToken);
            AddDeclared(refused?.ReplyCode, refused?.ReplyText, $"{(queue.IsStream ? "stream" : "queue")} {queue.Name}", reply => PreflightWords.OfQueue(queue, reply));
            foreach (var (exchange, routingKey) in queue.Bindings)
            {
                await TryAsync(
                    probe, permissions, Write, Read, channel => channel.QueueBindAsync(queue.Name, exchange, routingKey, cancellationToken: cancellationToken), cancellationToken);
            }

            if (IsRead(queue.Name))
            {
                await TryReadingAsync(probe, permissions, queue.Name, cancellationToken);
            }
        }

        void AddDeclared(ushort? code, string? reply, string what, Func<string, PreflightFinding> explain)
        {
            if (code == PreflightProbe.AccessRefused)
            {
                permissions.Lacks(reply!, Configure, Configure);
                return;
            }

            // A cluster that cannot make or find a queue now may do so soon.
            if (code == PreflightProbe.NotFound)
            {
                throw new InvalidOperationException(reply);
            }

            findings.Add(reply is null ? new PreflightFinding(what, PreflightVerdict.Good) : explain(reply));
        }
    }

    private async Task TryPublishingAsync(PreflightProbe probe, PreflightPermissions permissions, CancellationToken cancellationToken)
    {
        foreach (var (name, _) in topology.ExchangesOf(options.Value))
        {
            // Removing a binding that is not there needs write permission on the one and read permission on the other.
            if (!permissions.IsLackingOnExchange(Read, name))
            {
                await TryAsync(
                    probe, permissions, Write, Write, channel => channel.ExchangeUnbindAsync(name, name, "jobrunner-preflight", cancellationToken: cancellationToken), cancellationToken);
            }
        }

        // Answers go to their askers' queues. Nobody has a queue of this name, and the look-up tells that the publish went well.
        await TryAsync(probe, permissions, Write, Write, async channel =>
        {
            await channel.BasicPublishAsync("", $"jobrunner-preflight.{Guid.NewGuid():N}", ReadOnlyMemory<byte>.Empty, cancellationToken);
            await channel.ExchangeDeclarePassiveAsync("amq.direct", cancellationToken);
        }, cancellationToken);
    }

    /// <summary>Queues whose names are known only later. These vanish with the connection.</summary>
    private async Task TryOwnQueuesAsync(PreflightProbe probe, PreflightPermissions permissions, CancellationToken cancellationToken)
    {
        var own = new List<(string Queue, string? Exchange)> { (Names.WaitQueue(PreflightPermissions.AnyName()), Names.RunJobWait) };
        if (options.Value.Roles.HasFlag(WorkerRoles.Run))
        {
            own.Add(($"{Names.RunLease}.{PreflightPermissions.AnyName()}", Names.RunLease));
            own.Add(($"{Names.GetRunnerStatus}.{PreflightPermissions.AnyName()}", Names.GetRunnerStatus));
            own.Add(($"{Names.DrainWorker}.{PreflightPermissions.AnyName()}", Names.DrainWorker));
        }

        if (options.Value.Roles.HasFlag(WorkerRoles.Report))
        {
            own.Add((Names.DelayQueue(PreflightPermissions.AnyName()), null));
        }

        own.AddRange(topology.MoreOf(options.Value).SelectMany(role => role.Later(PreflightPermissions.AnyName())));
        foreach (var (queue, exchange) in own)
        {
            if (await TryAsync(
                probe,
                permissions,
                Configure,
                Write,
                channel => channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken),
                cancellationToken))
            {
                if (exchange is not null)
                {
                    await TryAsync(
                        probe, permissions, Write, Read, channel => channel.QueueBindAsync(queue, exchange, "jobrunner-preflight", cancellationToken: cancellationToken), cancellationToken);
                }

                await TryReadingAsync(probe, permissions, queue, cancellationToken);
            }
        }
    }

    /// <summary>An argument that no queue takes ends the attempt before a message is given out, but after the permission was looked at.</summary>
    private static Task<bool> TryReadingAsync(PreflightProbe probe, PreflightPermissions permissions, string queue, CancellationToken cancellationToken) =>
        TryAsync(probe, permissions, Read, Read, channel => channel.BasicConsumeAsync(
            queue,
            autoAck: false,
            consumerTag: "",
            noLocal: false,
            exclusive: false,
            new Dictionary<string, object?> { ["x-priority"] = "preflight" },
            new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(channel),
            cancellationToken), cancellationToken);

    /// <returns>Whether it was not refused for lack of permission.</returns>
    private static async Task<bool> TryAsync(
        PreflightProbe probe, PreflightPermissions permissions, string onQueue, string onExchange, Func<IChannel, Task> work, CancellationToken cancellationToken)
    {
        // What is not there, or is there otherwise, is told already.
        if (await probe.TryAsync(work, cancellationToken) is not { ReplyCode: PreflightProbe.AccessRefused } refused)
        {
            return true;
        }

        permissions.Lacks(refused.ReplyText, onQueue, onExchange);
        return false;
    }

    private bool IsRead(string queue) => queue switch
    {
        Names.RunJob or Names.StopJob or Names.JobJournal => options.Value.Roles.HasFlag(WorkerRoles.Run),
        Names.JobLogRecorded => options.Value.Roles.HasFlag(WorkerRoles.Report),
        _ => topology.MoreOf(options.Value).Any(role => role.Read.Contains(queue)),
    };

    private static string Endpoint(AmqpTcpEndpoint endpoint) => $"{endpoint.HostName}:{endpoint.Port}";
}
