using JobRunner.Bus.Dashboard.Tests;
using JobRunner.Bus.TestKit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Broker))]
[assembly: AssemblyFixture(typeof(Browser))]
// Two at a time: more have a small machine compute, and wait no less.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 2)]

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>One real RabbitMQ for all tests of the project that need one; each takes a virtual host of its own.</summary>
public sealed class Broker : IAsyncDisposable
{
    private readonly Lazy<Task<RabbitMqNode>> _node = new(() => RabbitMqNode.StartAsync());

    /// <summary>The node; the first who asks waits for its start.</summary>
    public Task<RabbitMqNode> NodeAsync() => _node.Value;

    public async ValueTask DisposeAsync()
    {
        if (_node.IsValueCreated)
        {
            await (await _node.Value).DisposeAsync();
        }
    }
}
