using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.ChaosTests;

/// <summary>What is left in queues once everything has ended.</summary>
internal sealed class Leftovers(RabbitMqNode node)
{
    private static readonly string[] ErrorQueues = ["run-job_error", "job-log-recorded_error"];

    /// <summary>Queues that hold messages and should not, error queues left out.</summary>
    public async Task<IReadOnlyList<(string Queue, long Messages)>> CountAsync()
    {
        var queues = await node.Management.GetFromJsonAsync<JsonArray>("queues");
        return
        [
            .. queues!.Select(queue => (Name: (string)queue!["name"]!, Messages: (long?)queue["messages"] ?? 0, Type: (string?)queue["type"]))
                .Where(queue => queue.Messages > 0 && queue.Type != "stream" && !ErrorQueues.Contains(queue.Name))
                .Select(queue => (queue.Name, queue.Messages)),
        ];
    }

    /// <summary>All that is left, and what is in the error queues.</summary>
    public async Task<IReadOnlyList<LeftInQueue>> ReadAsync()
    {
        List<LeftInQueue> left =
            [.. (await CountAsync()).Select(queue => new LeftInQueue(DateTimeOffset.UtcNow, queue.Queue, $"{queue.Messages} messages"))];
        try
        {
            await ReadErrorsAsync(left);
        }
        catch (OperationInterruptedException)
        {
            // After many faults RabbitMQ 3.10 can say "noproc" for a queue that is there, until it is started again.
            await node.ShutDownAsync();
            await node.StartServerAsync();
            await ReadErrorsAsync(left);
        }

        return left;
    }

    private async Task ReadErrorsAsync(List<LeftInQueue> left)
    {
        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        foreach (var queue in ErrorQueues)
        {
            while (await client.GetAsync(queue) is { } message)
            {
                left.Add(new LeftInQueue(DateTimeOffset.UtcNow, queue, $"{message.Header("MT-Fault-Message")}: {message.Body}"));
            }
        }
    }
}
