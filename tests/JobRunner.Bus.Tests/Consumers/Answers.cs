using System.Collections.Concurrent;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>Keeps the answers to plain AMQP requests.</summary>
internal sealed class Answers : IReplies
{
    public ConcurrentQueue<(ReplyAddress To, object Answer)> Sent { get; } = new();

    public Task SendAsync<T>(ReplyAddress to, T answer)
    {
        Sent.Enqueue((to, answer!));
        return Task.CompletedTask;
    }
}
