using JobRunner.Bus.Consumers;
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
        // Endpoints are opened here, as a worker does it: after the bus was made, since what they need publishes on it.
        builder.Services.Remove(builder.Services.Single(service => service.ImplementationType == typeof(WorkerIntake)));
        builder.Services.AddMassTransitTestHarness(TextWriter.Null, bus =>
        {
            bus.SetTestTimeouts(testTimeout: TimeSpan.FromMinutes(1), testInactivityTimeout: TimeSpan.FromSeconds(30));
            bus.UsingInMemory((_, memory) => JobRunnerServices.ConfigureWire(memory));
        });
        replace?.Invoke(builder.Services);
        var host = builder.Build();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await host.StartAsync(deadline.Token).WaitAsync(TimeSpan.FromSeconds(40));
        var worker = new WorkerHarness(host);
        await worker.OpenAsync<StopJobConsumer>("stop-job", first);
        await worker.OpenAsync<RunJobConsumer>("run-job", first);
        await worker.OpenAsync<JobLogRecordedConsumer>("job-log-recorded", first);
        await worker.OpenAsync<GetRunnerStatusConsumer>($"get-runner-status.{worker.Get<WorkerName>()}", first);
        return worker;
    }

    private Task OpenAsync<TConsumer>(string queue, IFilter<ConsumeContext>? first)
        where TConsumer : class, IConsumer => Get<IReceiveEndpointConnector>().ConnectReceiveEndpoint(queue, (context, endpoint) =>
        {
            if (first is not null)
            {
                endpoint.UseFilter(first);
            }

            endpoint.ConfigureConsumer<TConsumer>(context);
        }).Ready.WaitAsync(TimeSpan.FromSeconds(30));

    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _host.StopAsync(deadline.Token).WaitAsync(TimeSpan.FromSeconds(40));
        // Not by Dispose: it would block a thread that the harness's own disposal needs.
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
