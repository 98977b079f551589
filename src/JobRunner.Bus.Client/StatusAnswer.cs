using JobRunner.Bus.Contracts;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>A part of a worker's answer: a runner, or how busy the worker is, which ends the answer.</summary>
internal sealed record StatusAnswer(RunnerStatus? Runner, WorkerStatus? Worker)
{
    /// <summary>Reads either.</summary>
    public static StatusAnswer Read(BasicDeliverEventArgs delivery) => delivery.BasicProperties.Type == nameof(WorkerStatus)
        ? new(null, Wire.Deserialize<WorkerStatus>(delivery.Body.Span))
        : new(Wire.Deserialize<RunnerStatus>(delivery.Body.Span), null);
}
