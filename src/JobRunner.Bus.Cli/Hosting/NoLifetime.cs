using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The lifetime of a host that ends when its owner says so, not by signals.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
