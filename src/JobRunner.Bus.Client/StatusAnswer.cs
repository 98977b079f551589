using JobRunner.Bus.Contracts;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>A part of a worker's answer: a runner, or the end of the answer.</summary>
internal sealed record StatusAnswer(RunnerStatus? Runner)
{
    /// <summary>Reads either.</summary>
    public static StatusAnswer Read(BasicDeliverEventArgs delivery) =>
        new(delivery.BasicProperties.Type == nameof(WorkerStatus) ? null : Wire.Deserialize<RunnerStatus>(delivery.Body.Span));
}
