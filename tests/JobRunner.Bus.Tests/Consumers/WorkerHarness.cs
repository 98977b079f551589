using JobRunner.Bus.Delivery;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Tests.Runs;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>The worker's consumers, by their own definitions, on MassTransit's test harness.</summary>
internal sealed class WorkerHarness : IAsyncDisposable
{
    private readonly IHost _host;

    private WorkerHarness(IHost host) => _host = host;

    public ITestHarness Bus => _host.Services.GetTestHarness();

    public Scripts Scripts => Get<Scripts>();

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Opens every consumer's endpoint.</summary>
    public static async Task<WorkerHarness> StartAsync(Action<IServiceCollection>? replace = null, IFilter<ConsumeContext>? first = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<Scripts>().AddSingleton<IJobLogStore, MemoryStore>();
        builder.Services.AddJobRunner(new ConfigurationBuilder().Build());
        builder.Services.AddJob<ScriptedJob>("scripted");
        // The harness opens the endpoints.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationFactory?.Method.ReturnType == typeof(WorkerIntake)));
        builder.Services.AddMassTransitTestHarness(TextWriter.Null, bus =>
        {
            bus.SetTestTimeouts(testTimeout: TimeSpan.FromMinutes(1), testInactivityTimeout: TimeSpan.FromSeconds(30));
            bus.AddConfigureEndpointsCallback((_, _, endpoint) =>
            {
                if (first is not null)
                {
                    endpoint.UseFilter(first);
                }
            });
            bus.UsingInMemory((context, memory) =>
            {
                JobRunnerServices.ConfigureWire(memory);
                memory.ConfigureEndpoints(context);
            });
        });
        replace?.Invoke(builder.Services);
        var host = builder.Build();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await host.StartAsync(deadline.Token).WaitAsync(TimeSpan.FromSeconds(40));
        return new WorkerHarness(host);
    }

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _host.StopAsync(deadline.Token).WaitAsync(TimeSpan.FromSeconds(40));
        // Not by Dispose: it would block a thread that the harness's own disposal needs.
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
