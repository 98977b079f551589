using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Serialization;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Tests.Delivery;

/// <summary>A worker with the role Report on the in-memory transport, and what reaches its error queue.</summary>
internal sealed class ReportHost : IAsyncDisposable
{
    private readonly IHost _host;

    private ReportHost(IHost host) => _host = host;

    public ConcurrentQueue<(JobLogRecorded Log, string Reason)> Errors { get; } = new();

    public IReadOnlyList<FakeLogRecord> LogLines => _host.Services.GetFakeLogCollector().GetSnapshot();

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Starts one; settings by their names within <c>JobRunner</c>. Without a store it is the SQLite file of the settings.</summary>
    public static Task<ReportHost> StartAsync(IJobLogStore? store, params (string Name, string Value)[] settings) => StartAsync(store, null, settings);

    /// <summary>The same by a clock of one's own.</summary>
    public static async Task<ReportHost> StartAsync(IJobLogStore? store, TimeProvider? time, params (string Name, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(
            settings.Prepend(("Worker:Roles", "Report")).Select(setting => KeyValuePair.Create($"JobRunner:{setting.Item1}", (string?)setting.Item2)));
        builder.Logging.AddFakeLogging();
        if (store is not null)
        {
            builder.Services.AddSingleton(store);
        }

        if (time is not null)
        {
            builder.Services.AddSingleton(time);
        }

        builder.Services.AddJobRunner(builder.Configuration);
        var host = new ReportHost(builder.Build());
        await host._host.StartAsync();
        await host.Get<IReceiveEndpointConnector>().ConnectReceiveEndpoint("job-log-recorded_error", (_, endpoint) =>
        {
            endpoint.ReadJson<JobLogRecorded>();
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Handler<JobLogRecorded>(context =>
            {
                host.Errors.Enqueue((context.Message, context.ReceiveContext.TransportHeaders.Get<string>(MessageHeaders.FaultMessage) ?? ""));
                return Task.CompletedTask;
            });
        }).Ready;
        return host;
    }

    public Task SendAsync(JobLogRecorded log) => Get<IBus>().Publish(log);

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Does with each log as it is told, and keeps what it takes.</summary>
internal sealed class ToldStore : IJobLogStore
{
    private readonly ConcurrentDictionary<string, int> _calls = new();

    /// <summary>What the n-th call for a log of a job does; null: takes it.</summary>
    public Func<string, int, Exception?> Does { get; set; } = (_, _) => null;

    public ConcurrentQueue<string> Taken { get; } = new();

    public int CallsFor(string jobId) => _calls.GetValueOrDefault(jobId);

    public Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        if (Does(log.JobId, _calls.AddOrUpdate(log.JobId, 1, (_, before) => before + 1)) is { } error)
        {
            return Task.FromException<DeliveryOutcome>(error);
        }

        Taken.Enqueue(log.JobId);
        return Task.FromResult(DeliveryOutcome.Stored);
    }
}
