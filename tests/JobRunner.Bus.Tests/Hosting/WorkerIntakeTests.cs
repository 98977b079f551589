using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Tests.Hosting;

public sealed class WorkerIntakeTests
{
    [Fact]
    public async Task A_worker_that_cannot_open_its_queues_for_a_reason_of_its_own_ends_and_says_why()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = "RabbitMq",
            ["JobRunner:RabbitMq:Uri"] = "amqp://guest:guest@127.0.0.1:1/",
            ["JobRunner:RequestManager:BaseUrl"] = "http://127.0.0.1:1/",
        });
        builder.Services.AddJobRunner(builder.Configuration);
        builder.Services.RemoveAll<PreflightGate>();
        using var host = builder.Build();

        await host.StartAsync(TestContext.Current.CancellationToken);
        await host.WaitForShutdownAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var refused = Assert.Single(host.Services.GetRequiredService<WorkerReadiness>().Refused);
        Assert.StartsWith("The worker could not open its queues: ", refused);
        Assert.Contains(nameof(PreflightGate), refused);
    }
}
