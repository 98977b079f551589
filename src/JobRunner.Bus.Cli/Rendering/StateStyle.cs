using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>The colour of a state.</summary>
internal static class StateStyle
{
    /// <summary>Green for success, red for failure, yellow for stopped.</summary>
    public static Style Of(JobState state) => new(state switch
    {
        JobState.Complete => Color.Green,
        JobState.Pending => Color.Grey,
        JobState.Running => Color.Blue,
        JobState.Stopped or JobState.Suspended => Color.Yellow,
        _ => Color.Red,
    });
}
