using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Jobs.Tests;

/// <summary>Makes and runs built-in jobs as a worker would.</summary>
internal sealed class TestWorker : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    public TestWorker(TimeProvider? time = null, params (string Name, string Value)[] settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting =>
                KeyValuePair.Create($"JobRunner:Jobs:{setting.Name}", (string?)setting.Value)))
            .Build());
        services.AddLogging();
        if (time is not null)
        {
            services.AddSingleton(time);
        }

        services.AddBuiltInJobs();
        services.AddSingleton<IJobFactory, JobFactory>();
        _services = services.BuildServiceProvider();
    }

    public IServiceProvider Services => _services;

    public static TestWorker WithShell(params (string Name, string Value)[] settings) =>
        new(null, [("Shell:Enabled", "true"), .. settings]);

    /// <summary>Makes a job only: what its bytes are refused for is thrown here.</summary>
    public MadeJob Make(string type, string? json) => _services.GetRequiredService<IJobFactory>().Make(Job(type, json));

    public TestRun Start(string type, string? json, CancellationToken stopToken = default)
    {
        var context = new JobRunContext("r1", Job(type, json), [], 3);
        return new TestRun(context, Make(type, json).Job.RunAsync(context, stopToken));
    }

    public Task<JobResult> RunAsync(string type, string? json, CancellationToken stopToken = default) =>
        Start(type, json, stopToken).Result;

    public TestRun StartCommand(string command, IEnumerable<string> arguments, CancellationToken stopToken = default) =>
        Start(
            BuiltInJobs.ShellCommand,
            new JsonObject
            {
                ["cmd"] = command,
                ["args"] = new JsonArray([.. arguments.Select(argument => (JsonNode)argument)]),
            }.ToJsonString(),
            stopToken);

    public Task<JobResult> RunCommandAsync(string command, params string[] arguments) => StartCommand(command, arguments).Result;

    public Task<JobResult> RunScriptAsync(string script) => RunCommandAsync("/bin/sh", "-c", script);

    private static Job Job(string type, string? json) =>
        new() { Id = "j1", Type = type, Bytes = json is null ? null : Encoding.UTF8.GetBytes(json) };

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}

internal sealed record TestRun(JobRunContext Context, Task<JobResult> Result);
