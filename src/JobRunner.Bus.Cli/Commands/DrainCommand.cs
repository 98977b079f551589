using System.CommandLine;
using System.Text;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>drain</c>: a worker takes no more commands and hands over what it runs.</summary>
internal static class DrainCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var worker = new Argument<string>("WORKER") { Description = "Name of the worker, as the dashboard and the consumers' tags in RabbitMQ show it." };
        var timeout = CommandLine.DurationOption("--timeout", "How long to wait until it runs nothing any more; without it as long as that takes.");
        var json = CommandLine.JsonOption("Print how the worker stood last, its WorkerStatus.");
        var command = new Command("drain", "Have a worker take no more commands and hand over what it runs; it stays, until it is started again.") { worker, timeout, json };
        command.SetAction((parsed, _) => DrainAsync(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            parsed.GetRequiredValue(worker),
            parsed.GetValue(timeout) ?? Timeout.InfiniteTimeSpan,
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> DrainAsync(CliServices services, BrokerAddress address, string worker, TimeSpan timeout, bool asJson)
    {
        using var interrupts = services.ListenForInterrupts();
        using var outOfTime = new CancellationTokenSource(timeout, services.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupts.Stop, outOfTime.Token);
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        var output = services.Screen.Output;
        WorkerStatus? last = null;
        var exit = ExitCodes.Success;
        try
        {
            last = await DrainWork.RunAsync(control, worker, $"{Environment.UserName} on {Environment.MachineName}", Tell, services.Time, either.Token);
        }
        catch (OperationCanceledException) when (outOfTime.IsCancellationRequested && !interrupts.Stop.IsCancellationRequested)
        {
            services.Warn("it is not drained yet, and goes on");
            exit = ExitCodes.Failed;
        }

        if (asJson && last is not null)
        {
            output.WriteLine(Encoding.UTF8.GetString(Wire.Serialize(last)));
        }

        return exit;

        void Tell(WorkerStatus status)
        {
            last = status;
            if (!asJson)
            {
                output.WriteLine(DrainWork.Line(status));
            }
        }
    }
}
