using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;

var services = new CliServices
{
    Screen = Screen.FromProcess(),
    RunWorker = WorkerHost.RunAsync,
    OpenEmbeddedBus = EmbeddedBus.OpenAsync,
    ReadHighestTries = StoredLogs.HighestTriesAsync,
    ReadLogs = StoredLogs.ReadAsync,
    OpenStoredTries = StoredTries.Open,
};
return await CommandLine.RunAsync(args, services);
