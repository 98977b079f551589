using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Peers;

/// <summary>A MassTransit consumer as its documentation shows one: raw JSON, both messages by <c>Publish</c>, which waits for the confirm.</summary>
internal static class PlainMassTransit
{
    public static async Task RunAsync(Uri broker, ushort prefetch)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        builder.Services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<Consumer>();
            bus.UsingRabbitMq((context, rabbit) =>
            {
                rabbit.Host(broker);
                rabbit.ClearSerialization();
                rabbit.UseRawJsonSerializer(RawSerializerOptions.AnyMessageType);
                rabbit.UseRawJsonDeserializer(RawSerializerOptions.AnyMessageType, isDefault: true);
                rabbit.Message<Log>(message => message.SetEntityName("job-log-recorded"));
                rabbit.Message<End>(message => message.SetEntityName("job-finished"));
                rabbit.ReceiveEndpoint("run-job", endpoint =>
                {
                    endpoint.ConfigureConsumeTopology = false;
                    endpoint.SetQuorumQueue();
                    endpoint.SetQueueArgument("x-delivery-limit", 1_000_000);
                    endpoint.PrefetchCount = prefetch;
                    endpoint.ConfigureConsumer<Consumer>(context);
                });
            });
        });
        builder.Services.AddOptions<MassTransitHostOptions>().Configure(options => options.WaitUntilStarted = true);
        using var host = builder.Build();
        await host.StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }

    internal sealed class Consumer : IConsumer<Command>
    {
        public async Task Consume(ConsumeContext<Command> context)
        {
            await context.Publish(Log.Of(context.Message));
            await context.Publish(End.Of(context.Message));
        }
    }
}
