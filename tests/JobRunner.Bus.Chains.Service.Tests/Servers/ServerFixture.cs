namespace JobRunner.Bus.Chains.Service.Tests.Servers;

// By itself: the benchmarks use the servers, too, and have no xunit.
public partial class PrivateServer : IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await InstallAndStartAsync();
}
