using JobRunner.Bus.BrokerTests;
using JobRunner.Bus.TestKit;
using Xunit.v3;

[assembly: AssemblyFixture(typeof(Broker))]
// They wait more than they work: three at a time have two cores busy for 63 % of the time.
[assembly: Parallelization(MaxThreads = 3)]

namespace JobRunner.Bus.BrokerTests;

/// <summary>One real RabbitMQ for all tests of the project; each takes a virtual host of its own.</summary>
public sealed class Broker : IAsyncLifetime
{
    private RabbitMqNode? _node;

    public RabbitMqNode Node => _node ?? throw new InvalidOperationException("not started");

    public async ValueTask InitializeAsync() => _node = await RabbitMqNode.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
    }
}
