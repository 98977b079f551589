using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The program as a person calls it, on the broker of a stage.</summary>
internal static class Cli
{
    /// <summary>Runs it to its end.</summary>
    public static async Task<(int Exit, string Output)> RunAsync(this Stage stage, params string[] arguments)
    {
        await using var program = stage.StartProgram(arguments);
        return (await program.ExitCodeAsync(), program.Output);
    }

    /// <summary>Starts it.</summary>
    public static WorkerProcess StartProgram(this Stage stage, params string[] arguments) =>
        WorkerProcess.Start([.. arguments, "--broker", stage.Uri.ToString()], new Dictionary<string, string>());
}
