using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Wolverine;
using Wolverine.RabbitMQ;

namespace JobRunner.Bus.Peers;

/// <summary>
/// A Wolverine handler, inline, so that a command is acknowledged after its messages were sent. By default Wolverine sends without
/// publisher confirms: what the broker has not taken when it dies is gone.
/// </summary>
internal static class PlainWolverine
{
    public static async Task RunAsync(Uri broker, ushort prefetch, bool confirms)
    {
        using var host = await Host.CreateDefaultBuilder()
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error))
            .UseWolverine(options =>
            {
                options.Discovery.DisableConventionalDiscovery().IncludeType(typeof(CommandHandler));
                options.UseRabbitMq(broker)
                    .DisableDeadLetterQueueing()
                    .DisableSystemRequestReplyQueueDeclaration()
                    .ConfigureChannelCreation(channel =>
                    {
                        channel.PublisherConfirmationsEnabled = confirms;
                        channel.PublisherConfirmationTrackingEnabled = confirms;
                    });
                options.ListenToRabbitQueue("run-job")
                    .ExternallyOwned()
                    .DefaultIncomingMessage<Command>()
                    .PreFetchCount(prefetch)
                    .ConsumerDispatchConcurrency(prefetch)
                    .ProcessInline();
                options.PublishMessage<Log>().ToRabbitExchange("job-log-recorded").ExternallyOwned().SendInline();
                options.PublishMessage<End>().ToRabbitExchange("job-finished").ExternallyOwned().SendInline();
            })
            .StartAsync();
        Console.WriteLine("ready");
        await host.WaitForShutdownAsync();
    }
}

/// <summary>Found by its name.</summary>
public static class CommandHandler
{
    /// <summary>Takes a command.</summary>
    public static async Task Handle(Command command, IMessageBus bus)
    {
        ArgumentNullException.ThrowIfNull(bus);
        await bus.PublishAsync(Log.Of(command));
        await bus.PublishAsync(End.Of(command));
    }
}
