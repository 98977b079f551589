using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A host's life, which ends with the test.</summary>
internal sealed class LifetimeToEnd : IDisposable
{
    public ApplicationLifetime Lifetime { get; } = new(NullLogger<ApplicationLifetime>.Instance);

    public void Dispose() => Lifetime.NotifyStopped();
}
