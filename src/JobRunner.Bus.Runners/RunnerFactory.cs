using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Makes a runner for one job.</summary>
/// <remarks>
/// There are two try counts (seed: <c>runner.Factory</c>). <see cref="RunJob.PrevTries"/> counts within a try of the
/// job's sequence, from 0 to 1 + retry, and starts over when the scheduler tries the sequence again.
/// <see cref="RunJob.TotalTries"/> only rises: it numbers the job logs, and a number may never come twice.
/// </remarks>
public sealed class RunnerFactory(
    IJobFactory jobs,
    IJobLogSink logs,
    TrySlots slots,
    RunnerOptions options,
    TimeProvider time,
    ILogger<Runner> logger,
    ITryGate? gate = null)
{
    private readonly RunnerParts _parts = new(logs, slots, options, gate ?? OpenTryGate.Instance, time, logger);

    /// <summary>Makes a runner, its job ready to run.</summary>
    /// <exception cref="JobNotMadeException">
    /// The command breaks <see cref="RunJobRules"/>, the job's type is unknown, or its bytes make no sense.
    /// </exception>
    public Runner Make(RunJob command)
    {
        ArgumentNullException.ThrowIfNull(command);
        try
        {
            var wrong = RunJobRules.Check(command);
            if (wrong.Count > 0)
            {
                throw new ArgumentException(string.Join("; ", wrong));
            }

            return new Runner(command, jobs.Make(command.Job), _parts);
        }
        catch (Exception error)
        {
            throw new JobNotMadeException(command, error);
        }
    }
}
