using MassTransit;

namespace JobRunner.Bus.Hosting;

/// <summary>How a worker opens its queues.</summary>
internal static class WorkerEndpoints
{
    /// <summary>Connects a consumer to a queue; the handle tells when it is ready.</summary>
    public static HostReceiveEndpointHandle ConnectWorker<TConsumer>(
        this IReceiveEndpointConnector endpoints, string queue, WorkerName worker, IReceiveEndpointObserver? observer = null)
        where TConsumer : class, IConsumer => endpoints.ConnectReceiveEndpoint(queue, (context, endpoint) =>
        {
            endpoint.ConfigureConsumer<TConsumer>(context);
            if (endpoint is IRabbitMqReceiveEndpointConfigurator broker)
            {
                // Shown in the queue's list of consumers.
                broker.OverrideConsumerTag($"jobrunner {worker}");
            }

            if (observer is not null)
            {
                endpoint.ConnectReceiveEndpointObserver(observer);
            }
        });
}
