using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>
/// Deletes queues that are empty, so that nothing but the queue is lost, and watches whether workers declare them again.
/// Quorum queues know no "delete if empty" (540 NOT_IMPLEMENTED): whoever calls keeps publishers and consumers away meanwhile.
/// </summary>
internal sealed class QueueLoss(RabbitMqNode node, Recording history)
{
    private static readonly TimeSpan Watches = TimeSpan.FromSeconds(45);

    /// <summary>Queues without which nothing runs.</summary>
    public static IReadOnlyList<string> Main { get; } = ["run-job", "job-log-recorded"];

    /// <summary>Queues where something waits, or where what failed is kept: mostly empty.</summary>
    public async Task<IReadOnlyList<string>> SideAsync() =>
    [
        .. (await node.Management.GetFromJsonAsync<JsonArray>("queues/%2F"))!.Select(queue => (string)queue!["name"]!)
            .Where(name => name.StartsWith("run-job.wait.", StringComparison.Ordinal) || name.StartsWith("job-log-recorded.delay.", StringComparison.Ordinal)
                || name.EndsWith("_error", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Deletes the first of these queues, counted from a place in the list, that is and stays empty for so long.</summary>
    /// <returns>Its name; none when each holds something.</returns>
    public async Task<string?> DeleteOneAsync(IReadOnlyList<string> queues, int from, TimeSpan emptyFor)
    {
        await using var connection = await ConnectAsync();
        List<string> rotated = [.. queues.Skip(from % queues.Count), .. queues.Take(from % queues.Count)];
        var empty = await EmptyAsync(connection, rotated);
        await Task.Delay(emptyFor);
        empty = await EmptyAsync(connection, empty);
        if (empty is not [var queue, ..])
        {
            return null;
        }

        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(queue);
        history.Add(new QueueDeleted(DateTimeOffset.UtcNow, queue));
        return queue;
    }

    /// <summary>Waits until a queue is there again, and notes it. Those of waits and delays are declared when somebody needs them: nobody waits for them.</summary>
    public async Task WatchAsync(string queue)
    {
        if (!Main.Contains(queue) && !queue.EndsWith("_error", StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            await using var connection = await ConnectAsync();
            await Eventually.HoldsAsync($"{queue} is there again", async () => await CountAsync(connection, queue) is not null, Watches);
            history.Add(new QueueBack(DateTimeOffset.UtcNow, queue));
        }
        catch (TimeoutException)
        {
            // Left to the checker. Without the queue the rest of the run would only tell the same again and again.
            await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
            await client.Channel.QueueDeclareAsync(queue, true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 1_000_000 });
            await client.Channel.QueueBindAsync(queue, queue, "");
            if (queue == "run-job")
            {
                await client.Channel.QueueBindAsync(queue, "run-job.wait", "now");
            }
        }
    }

    private Task<IConnection> ConnectAsync() =>
        new ConnectionFactory { Uri = node.UriOf("/"), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();

    private static async Task<List<string>> EmptyAsync(IConnection connection, IReadOnlyList<string> queues)
    {
        List<string> empty = [];
        foreach (var queue in queues)
        {
            if (await CountAsync(connection, queue) == 0)
            {
                empty.Add(queue);
            }
        }

        return empty;
    }

    private static async Task<uint?> CountAsync(IConnection connection, string queue)
    {
        try
        {
            await using var channel = await connection.CreateChannelAsync();
            return await channel.MessageCountAsync(queue);
        }
        catch (OperationInterruptedException)
        {
            return null;
        }
    }
}
