using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Runs;

/// <summary>What a command must be to be run here.</summary>
internal static class CommandRules
{
    /// <summary>Refuses a command that is too large, or holds what cannot be run.</summary>
    /// <exception cref="RefusedException">Says what is wrong, all of it.</exception>
    public static void Require(RunJob command, long bytes, WorkerOptions options)
    {
        if (bytes > options.MaxCommandBytes)
        {
            throw new RefusedException(
                $"the command has {bytes} bytes; this worker takes up to {options.MaxCommandBytes} (JobRunner__Worker__MaxCommandBytes)");
        }

        var wrong = RunJobRules.Check(command);
        if (wrong.Count > 0)
        {
            throw new RefusedException(string.Join("; ", wrong));
        }
    }
}
