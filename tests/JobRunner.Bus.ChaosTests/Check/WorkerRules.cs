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

        foreach (var given in history.OfType<RunsGivenUp>().Where(given => !faults.CutOff(given.Worker, given.At)))
        {
            yield return new Violation(Rules.NoneGivenUp, "", $"worker {given.Worker} gave {given.Runs} runs up, and nothing had cut it off", [given]);
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
