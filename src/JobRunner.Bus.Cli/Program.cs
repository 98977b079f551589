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
    ReadHighestTries = ConfiguredLogs.HighestTriesAsync,
    ReadLogs = ConfiguredLogs.ReadAsync,
    HasRequestManager = ConfiguredLogs.HasRequestManager,
    OpenStoredTries = ConfiguredLogs.OpenTries,
    ExportTraces = SchedulerTelemetry.Start,
};
return await CommandLine.RunAsync(args, services);
