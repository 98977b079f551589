using JobRunner.Bus.ChaosWorker;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A host of one's own, as docs/authoring.md shows it; tests hold it against the program.
var builder = Host.CreateApplicationBuilder(args);
if (Environment.GetEnvironmentVariable("CHAOS_CLOCK") is { Length: > 0 } clock)
{
    builder.Services.AddSingleton<TimeProvider>(new SkewedClock(clock));
}

builder.AddJobRunnerHost();
builder.Services.AddJob<ChaosTry>("chaos");
builder.Services.AddJob<BlockingTry>("blocking");
if (builder.Configuration["Test:MissingService"] is not null)
{
    builder.Services.AddJob<JobWithoutItsService>("missing");
}

return await builder.Build().RunJobRunnerAsync();
