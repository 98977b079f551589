using System.Text;
using JobRunner.Bus.Consumers;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>Deliveries that wait for no other.</summary>
public sealed class PromptConsumerTests
{
    private readonly Slow _slow = new();

    [Fact]
    public async Task A_delivery_is_consumed_while_the_one_before_still_is()
    {
        var prompt = new PromptConsumer(_slow);
        await DeliverAsync(prompt, 1, "first"u8.ToArray());
        await DeliverAsync(prompt, 2, "second"u8.ToArray());

        await _slow.Begun(2).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await _slow.Begun(1).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        _slow.MayEnd.SetResult();
        Assert.Equal("first", await _slow.Body(1));
        Assert.Equal("second", await _slow.Body(2));
    }

    [Fact]
    public async Task Its_body_stays_as_it_came_when_the_client_uses_the_memory_again()
    {
        var memory = "a command"u8.ToArray();
        await DeliverAsync(new PromptConsumer(_slow), 1, memory);
        memory.AsSpan().Fill((byte)'x');

        _slow.MayEnd.SetResult();
        Assert.Equal("a command", await _slow.Body(1));
    }

    private static Task DeliverAsync(PromptConsumer consumer, ulong tag, ReadOnlyMemory<byte> body) =>
        consumer.HandleBasicDeliverAsync("tag", tag, redelivered: false, "", "run-job", new BasicProperties(), body);

    /// <summary>Consumes until it may end, and looks at the body only then.</summary>
    private sealed class Slow : IAsyncBasicConsumer
    {
        private readonly TaskCompletionSource[] _begun = [new(), new(), new()];
        private readonly TaskCompletionSource<string>[] _bodies = [new(), new(), new()];

        public TaskCompletionSource MayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IChannel? Channel => null;

        public Task Begun(int tag) => _begun[tag].Task;

        public Task<string> Body(int tag) => _bodies[tag].Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        public async Task HandleBasicDeliverAsync(
            string consumerTag,
            ulong deliveryTag,
            bool redelivered,
            string exchange,
            string routingKey,
            IReadOnlyBasicProperties properties,
            ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
        {
            _begun[deliveryTag].SetResult();
            await MayEnd.Task;
            _bodies[deliveryTag].SetResult(Encoding.UTF8.GetString(body.Span));
        }

        public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => Task.CompletedTask;
    }
}
