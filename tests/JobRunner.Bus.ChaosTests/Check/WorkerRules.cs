using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>What holds of workers, whichever job they have.</summary>
internal static class WorkerRules
{
    private static readonly TimeSpan BackWithin = TimeSpan.FromSeconds(30);

    public static IEnumerable<Violation> Check(IReadOnlyList<HistoryEvent> history, FaultTimes faults)
    {
        foreach (var drained in history.OfType<WorkerDrained>().Where(worker => worker.ExitCode != 0))
        {
            yield return new Violation(Rules.DrainEndsWell, "", $"worker {drained.Worker} ended with {drained.ExitCode} after SIGTERM", [drained]);
        }

        foreach (var abandoned in history.OfType<RunsAbandoned>().Where(runs => !faults.CutOff(runs.Worker, runs.At)))
        {
            yield return new Violation(Rules.NoneAbandoned, "", $"worker {abandoned.Worker} abandoned {abandoned.Runs} runs, and nothing had cut it off", [abandoned]);
        }

        foreach (var deleted in history.OfType<QueueDeleted>().Where(queue => IsNeeded(queue.Queue)))
        {
            var back = history.OfType<QueueBack>().Where(back => back.Queue == deleted.Queue && back.At >= deleted.At).MinBy(back => back.At);
            if (back is null || back.At > deleted.At + BackWithin)
            {
                yield return new Violation(
                    Rules.DeletedComesBack, "", $"{deleted.Queue} was deleted, and no worker declared it again within {BackWithin.TotalSeconds} s",
                    back is null ? [deleted] : [deleted, back]);
            }
        }
    }

    /// <summary>Queues of waits and delays are declared when they are needed.</summary>
    private static bool IsNeeded(string queue) => !queue.Contains(".wait.", StringComparison.Ordinal) && !queue.Contains(".delay.", StringComparison.Ordinal);
}
