using System.CommandLine;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>stop</c>: stops a job, or every job of a request, wherever it is.</summary>
internal static class StopCommand
{
    private static readonly TimeSpan PresetTimeout = TimeSpan.FromSeconds(30);

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
            parsed.GetValue(timeout) ?? PresetTimeout,
            parsed.GetValue(json)));
        return command;
    }

    /// <summary>A user that may stop jobs need not be allowed to stop chains.</summary>
    private static async Task<bool> StopChainAsync(CliServices services, IBrokerControl control, string requestId, CancellationToken cancellation)
    {
        try
        {
            await control.StopChainAsync(requestId, cancellation);
            return true;
        }
        catch (SchedulerBusException error)
        {
            services.Screen.Error.WriteLine($"jobrunner: the chain of request {Say.OneLine(requestId)} could not be stopped, only its jobs: {error.Message}");
            return false;
        }
    }

    private static async Task<int> StopAsync(CliServices services, BrokerAddress address, StopJob stop, TimeSpan timeout, bool asJson)
    {
        using var interrupts = services.ListenForInterrupts();
        using var traces = services.ExportTraces();
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        var output = services.Screen.Output;
        List<StopJobReply> answers = [];
        // First: what a chain starts after its jobs were stopped would run.
        var isLeft = stop.JobId is null && !await StopChainAsync(services, control, stop.RequestId, interrupts.Stop);
        var unanswered = await control.StopAsync(stop, timeout, Tell, interrupts.Stop);
        var chain = stop.JobId is null && !isLeft
            && ChainReports.Merge(await control.AskChainsAsync(new GetChains { RequestId = stop.RequestId }, interrupts.Stop)) is [var known, ..] ? known : null;
        if (asJson)
        {
            output.WriteLine(StopJson.Write(answers, unanswered, chain));
            return unanswered.Count > 0 || isLeft ? ExitCodes.Failed : ExitCodes.Success;
        }

        foreach (var status in unanswered)
        {
            output.WriteLine(
                $"{Say.Job(status.Name, status.JobId)} has not stopped after {Say.Length(timeout)} on {Say.OneLine(status.Worker)}; "
                + "the stop stays in force");
        }

        if (chain is not null)
        {
            output.WriteLine(
                $"Chain {Say.OneLine(chain.RequestId)} {(chain.EndedAt is null ? "is being stopped" : $"is {chain.State.ToSeedName()}")}: {chain.FinishedJobs} of {chain.TotalJobs} jobs COMPLETE");
        }

        if (unanswered.Count > 0 || isLeft)
        {
            return ExitCodes.Failed;
        }

        if (answers.Count == 0 && chain is null)
        {
            var what = stop.JobId is null ? "a job of this request" : "this job";
            output.WriteLine($"No worker holds {what} now. The stop is recorded: commands sent before it will not run.");
        }

        return ExitCodes.Success;

        void Tell(StopJobReply reply)
        {
            answers.Add(reply);
            if (asJson)
            {
                return;
            }

            var error = reply.Error is { } text ? $", error: {Say.Short(text)}" : "";
            output.WriteLine(
                $"{Say.OneLine(reply.JobId)} {Say.OneLine(reply.Outcome)}: {reply.FinalState.ToSeedName()} on {Say.OneLine(reply.Worker)}{error}");
        }
    }
}
