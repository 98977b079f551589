using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>A process with a worker that runs jobs of a benchmark's own, and logs nothing.</summary>
internal static class BenchWorker
{
    /// <summary>Says <c>ready</c> once the host has started, and runs until it is told to end.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="slots">Tries at once.</param>
    /// <param name="add">Adds its jobs.</param>
    /// <param name="settings">More settings of a worker, below <c>JobRunner:Worker</c>.</param>
    public static async Task RunAsync(string broker, string slots, Action<HostApplicationBuilder> add, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = "RabbitMq",
            ["JobRunner:RabbitMq:Uri"] = broker,
            ["JobRunner:Worker:Roles"] = "Run",
            ["JobRunner:Worker:Slots"] = slots,
        });
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create($"JobRunner:Worker:{setting.Name}", (string?)setting.Value)));
        builder.Logging.ClearProviders();
        builder.Services.AddJobRunner(builder.Configuration);
        add(builder);
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }
}
