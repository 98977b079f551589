using JobRunner.Bus;
using JobRunner.Bus.ChaosWorker;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders();
builder.Logging.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.IncludeScopes = true;
    console.UseUtcTimestamp = true;
    console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
});
if (Environment.GetEnvironmentVariable("CHAOS_CLOCK") is { Length: > 0 } clock)
{
    builder.Services.AddSingleton<TimeProvider>(new SkewedClock(clock));
}

// As the program jobrunner does: jobs that block their threads must not silence the worker itself.
ThreadPool.GetMinThreads(out _, out var ports);
ThreadPool.SetMinThreads(builder.Configuration.GetValue("JobRunner:Worker:Slots", 16) + 16, ports);

builder.Services.AddJobRunner(builder.Configuration);
builder.Services.AddJob<ChaosTry>("chaos");
builder.Services.AddJob<BlockingTry>("blocking");
await builder.Build().RunAsync();
