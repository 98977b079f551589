using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runs;

/// <summary>A run that lives in this worker, whatever becomes of the delivery that brought it.</summary>
internal sealed class LiveRun(CommandDelivery delivery, Runner runner, long heldSince) : IHeldRun
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommandDelivery Delivery => delivery;

    public DateTimeOffset? Order => delivery.Order;

    public DateTimeOffset? SeenAt => delivery.Leg.SeenAt;

    public long HeldSince => heldSince;

    /// <summary>The span within which it was started.</summary>
    public Activity? Span { get; } = Activity.Current;

    /// <summary>The trace it belongs to.</summary>
    public ActivityContext Trace { get; } = TraceHeaders.CurrentContext();

    public Runner Runner => runner;

    public RunnerKey Key => runner.Key;

    /// <summary>Completes when the run is over here: told to its scheduler, or sent on. Faulted if neither.</summary>
    public Task Over => _over.Task;

    /// <summary>Completes when the run has ended or was told to: a command that follows it need only wait.</summary>
    public Task Ending => _ending.Task;

    /// <summary>Whether this is the same leg of the same run.</summary>
    public bool IsSame(CommandDelivery other) =>
        other.Leg.Id == delivery.Leg.Id
        // A resume of a run stopped before its first try has the same counters.
        && other.SentAt == delivery.SentAt
        && other.ArrivedWith == delivery.ArrivedWith;

    public Task<StopResult> StopAsync()
    {
        _ending.TrySetResult();
        return runner.StopAsync();
    }

    public RunnerStatus Status() => runner.Status();

    /// <summary>Abandons the run. A callback of its job that throws keeps neither this run nor the others from it.</summary>
    public void Abandon(ILogger logger)
    {
        if (!Ask(runner.Abandon))
        {
            Ask(runner.CutTry);
        }

        bool Ask(Action ask)
        {
            try
            {
                ask();
                return true;
            }
            catch (Exception error)
            {
                AcceptLog.AbandonWentWrong(logger, Key.ToString(), error);
                return false;
            }
        }
    }

    public void MarkEnding() => _ending.TrySetResult();

    public void MarkOver() => _over.TrySetResult();

    public void MarkBroken(Exception error)
    {
        _over.TrySetException(error);
        // Nobody may be waiting any more: the delivery can be lost by now.
        _ = _over.Task.Exception;
    }
}
