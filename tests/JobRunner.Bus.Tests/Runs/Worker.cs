using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.TestKit;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>A whole worker on the in-memory transport, with jobs that do as told and a store in memory.</summary>
internal sealed class Worker : IAsyncDisposable
{
    private readonly IHost _host;

    private Worker(IHost host, Scripts scripts, MemoryStore store, Ends ends)
    {
        _host = host;
        Scripts = scripts;
        Store = store;
        Ends = ends;
    }

    public Scripts Scripts { get; }

    public MemoryStore Store { get; }

    public Ends Ends { get; }

    public IReadOnlyList<FakeLogRecord> LogLines => _host.Services.GetFakeLogCollector().GetSnapshot();

    public T Get<T>()
        where T : notnull => _host.Services.GetRequiredService<T>();

    /// <summary>Starts a worker that parks every wait; settings by their names within <c>JobRunner:Worker</c>.</summary>
    public static async Task<Worker> StartAsync(params (string Name, string Value)[] settings)
    {
        var (scripts, store, ends) = (new Scripts(), new MemoryStore(), new Ends());
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create("JobRunner:Worker:ParkWaitsOver", (string?)"0s")]);
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create($"JobRunner:Worker:{setting.Name}", (string?)setting.Value)));
        builder.Logging.AddFakeLogging();
        // Runs that complete are told at this level.
        builder.Logging.AddFilter("JobRunner.Bus", LogLevel.Debug);
        builder.Services.AddSingleton(scripts).AddSingleton(ends).AddSingleton<IJobLogStore>(store);
        builder.Services.AddJobRunner(builder.Configuration, bus => bus.AddConsumer<EndsConsumer, EndsConsumerDefinition>());
        builder.Services.AddJob<ScriptedJob>("scripted");
        builder.Services.AddJob<ScriptedJob>("limited", options => options.MaxConcurrency = 1);
        var host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<IReceiveEndpointConnector>()
            .ConnectReceiveEndpoint("job-finished.test", (context, endpoint) => endpoint.ConfigureConsumer<EndsConsumer>(context)).Ready;
        return new Worker(host, scripts, store, ends);
    }

    public static RunJob Command(string jobId = "j", string requestId = "r", long retry = 0, string? retryWait = null) => new()
    {
        RequestId = requestId,
        Job = new Job { Id = jobId, Name = "test", Type = "scripted", Retry = retry, RetryWait = retryWait },
        SentAt = TimeProvider.System.GetUtcNow(),
    };

    public Task SendAsync(RunJob command) => Get<IBus>().Publish(command);

    public Task StopJobAsync(string? jobId = "j", string requestId = "r") =>
        Get<IBus>().Publish(new StopJob { RequestId = requestId, JobId = jobId, SentAt = TimeProvider.System.GetUtcNow() });

    /// <summary>Ends the worker as its host would.</summary>
    public Task StopHostAsync() => _host.StopAsync();

    /// <summary>Waits for the only end of a job.</summary>
    public async Task<JobFinished> EndAsync(string jobId = "j")
    {
        try
        {
            await Eventually.HoldsAsync($"job {jobId} ends", () => Ends.Any(end => end.JobId == jobId));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}; the worker said:\n{string.Join('\n', LogLines.Select(line => $"{line} {line.Exception}"))}", error);
        }

        return Assert.Single(Ends, end => end.JobId == jobId);
    }

    /// <summary>Waits until a job has that many logs in the store, and returns them.</summary>
    public async Task<IReadOnlyList<JobLogRecorded>> LogsAsync(int count, string jobId = "j")
    {
        await Eventually.HoldsAsync($"{count} logs of job {jobId}", () => Store.Of(jobId).Count >= count);
        return Store.Of(jobId);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}

/// <summary>Every JobFinished so far.</summary>
internal sealed class Ends : ConcurrentQueue<JobFinished>;

internal sealed class EndsConsumer(Ends ends) : IConsumer<JobFinished>
{
    public Task Consume(ConsumeContext<JobFinished> context)
    {
        ends.Enqueue(context.Message);
        return Task.CompletedTask;
    }
}

internal sealed class EndsConsumerDefinition : ConsumerDefinition<EndsConsumer>
{
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<EndsConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.ReadJson<JobFinished>();
}

/// <summary>What the tries of each job do; by default they complete.</summary>
internal sealed class Scripts
{
    private readonly ConcurrentDictionary<string, Func<JobRunContext, CancellationToken, Task<JobResult>>> _scripts = new(StringComparer.Ordinal);

    public Func<JobRunContext, CancellationToken, Task<JobResult>> this[string jobId]
    {
        get => _scripts.GetValueOrDefault(jobId) ?? ((_, _) => Task.FromResult(JobResult.Complete()));
        set => _scripts[jobId] = value;
    }

    /// <summary>A try that runs until it is told to stop.</summary>
    public static async Task<JobResult> UntilStoppedAsync(JobRunContext context, CancellationToken stop)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        return JobResult.Complete();
    }
}

internal sealed class ScriptedJob(Scripts scripts) : IJob
{
    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            throw new FormatException("bytes make no sense");
        }
    }

    public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => scripts[context.Job.Id](context, stopToken);
}

/// <summary>Keeps the first log of each try.</summary>
internal sealed class MemoryStore : IJobLogStore
{
    private readonly ConcurrentDictionary<(string RequestId, string JobId, long Try), JobLogRecorded> _logs = new();

    public IReadOnlyList<JobLogRecorded> Of(string jobId) =>
        [.. _logs.Values.Where(log => log.JobId == jobId).OrderBy(log => log.Try)];

    public int Count => _logs.Count;

    public Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken) =>
        Task.FromResult(_logs.TryAdd((log.RequestId, log.JobId, log.Try), log) ? DeliveryOutcome.Stored : DeliveryOutcome.AlreadyThere);
}
