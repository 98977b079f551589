using System.CommandLine;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>stop</c>: stops a job, or every job of a request, wherever it is.</summary>
internal static class StopCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var request = CommandLine.RequestArgument();
        var job = CommandLine.JobArgument("Id of the job; without it every job of the request.");
        var timeout = CommandLine.DurationOption("--timeout", "How long to wait for jobs that take their time to stop; 30s if absent.");
        var json = CommandLine.JsonOption("Print the answers as one JSON object.");
        var command = new Command("stop", "Stop a job, or every job of a request, on whatever worker it is.") { request, job, timeout, json };
        command.SetAction((parsed, _) => StopAsync(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            new StopJob { RequestId = parsed.GetRequiredValue(request), JobId = parsed.GetValue(job), SentAt = services.Time.GetUtcNow() },
            parsed.GetValue(timeout) ?? StopWork.PresetTimeout,
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> StopAsync(CliServices services, BrokerAddress address, StopJob stop, TimeSpan timeout, bool asJson)
    {
        using var interrupts = services.ListenForInterrupts();
        using var traces = services.ExportTraces();
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        var output = services.Screen.Output;
        var outcome = await StopWork.RunAsync(control, stop, timeout, Tell, warning => services.Screen.Error.WriteLine($"jobrunner: {warning}"), interrupts.Stop);
        if (asJson)
        {
            output.WriteLine(StopJson.Write(outcome.Answers, outcome.Unanswered, outcome.Chain));
        }
        else
        {
            foreach (var line in outcome.Rest(timeout))
            {
                output.WriteLine(line);
            }
        }

        return outcome.IsWhole ? ExitCodes.Success : ExitCodes.Failed;

        void Tell(StopJobReply reply)
        {
            if (!asJson)
            {
                output.WriteLine(StopOutcome.Line(reply));
            }
        }
    }
}
