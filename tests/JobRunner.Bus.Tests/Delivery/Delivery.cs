using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Tests.Delivery;

/// <summary>What <see cref="JobLogDelivery.AddJobLogDelivery"/> registers, with settings by their environment names; the last one counts.</summary>
internal sealed class Delivery : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public Delivery(TimeProvider? time, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings
                .GroupBy(setting => setting.Name.Replace("__", ":", StringComparison.Ordinal), setting => (string?)setting.Value)
                .Select(setting => KeyValuePair.Create(setting.Key, setting.Last())))
            .Build();
        var services = new ServiceCollection().AddFakeLogging();
        if (time is not null)
        {
            services.AddSingleton(time);
        }

        _services = services.AddJobLogDelivery(configuration).BuildServiceProvider(validateScopes: true);
    }

    public IServiceProvider Services => _services;

    public IJobLogStore Store => _services.GetRequiredService<IJobLogStore>();

    public IJobLogReader Reader => _services.GetRequiredService<IJobLogReader>();

    public FakeLogCollector LogLines => _services.GetFakeLogCollector();

    /// <summary>Delivery to a stub, with attempts 20 ms apart unless the settings say otherwise.</summary>
    public static Delivery To(StubRequestManager rm, params (string Name, string Value)[] settings) => new(
        null,
        [
            ("JobRunner__RequestManager__BaseUrl", rm.BaseUrl),
            ("JobRunner__RequestManager__AttemptDelay", "00:00:00.020"),
            .. settings,
        ]);

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
