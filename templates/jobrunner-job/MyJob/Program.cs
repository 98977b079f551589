using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Hosting;
using MyJob;

// Settings come from appsettings.json, the environment and the command line:
// JobRunner__Transport=RabbitMq JobRunner__RabbitMq__Uri=amqp://guest:guest@localhost:5672/ dotnet run
var builder = Host.CreateApplicationBuilder(args);
builder.AddJobRunnerHost();
builder.Services.AddJob<MyJobJob>("my-job");
return await builder.Build().RunJobRunnerAsync();
