using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Hosting;

var screen = Screen.FromProcess();
var services = new CliServices
{
    Screen = screen,
    RunWorker = (arguments, cancellation) => arguments.Check
        ? WorkerCheck.RunAsync(arguments, screen, cancellation)
        : WorkerHost.Build(arguments).RunJobRunnerAsync(cancellation),
    RunDashboard = (arguments, cancellation) => DashboardHost.RunAsync(arguments, screen, cancellation),
    OpenEmbeddedBus = EmbeddedBus.OpenAsync,
    ReadHighestTries = StoredLogs.HighestTriesAsync,
    ReadLogs = StoredLogs.ReadAsync,
    HasRequestManager = StoredLogs.HasRequestManager,
    OpenStoredTries = StoredTries.Open,
    ExportTraces = SchedulerTelemetry.Start,
};
return await CommandLine.RunAsync(args, services);
