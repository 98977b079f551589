using JobRunner.Bus.Dashboard.Tests;
using JobRunner.Bus.TestKit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Broker))]
[assembly: AssemblyFixture(typeof(Browser))]
// They wait for processes and pages, more than they compute.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 4)]

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
