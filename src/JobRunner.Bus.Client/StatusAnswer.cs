using JobRunner.Bus.Contracts;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>A part of a worker's answer: runners, or how busy the worker is, which ends the answer.</summary>
internal sealed record StatusAnswer(IReadOnlyList<RunnerStatus> Runners, WorkerStatus? Worker)
{
    /// <summary>Reads any.</summary>
    public static StatusAnswer Read(BasicDeliverEventArgs delivery) => delivery.BasicProperties.Type switch
    {
        nameof(WorkerStatus) => new([], Wire.Deserialize<WorkerStatus>(delivery.Body.Span)),
        nameof(RunnerStatuses) => new([.. Wire.Deserialize<RunnerStatuses>(delivery.Body.Span).Runners.OfType<RunnerStatus>()], null),
        _ => new([Wire.Deserialize<RunnerStatus>(delivery.Body.Span)], null),
    };
}
