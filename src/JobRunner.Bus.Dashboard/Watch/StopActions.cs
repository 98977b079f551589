using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>Stops requests and jobs, as <c>jobrunner stop</c> does. What was begun goes on when its page is closed.</summary>
internal sealed partial class StopActions(BrokerAddress address, DashboardOptions options, TimeProvider time, ILogger<StopActions> log)
{
    // For the broker alone: how long jobs may take is said with the stop.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Whether people may stop anything.</summary>
    public bool AreAllowed => options.AllowActions;

    /// <summary>Stops it, and tells in lines what became of it.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="jobId">The job; all of the request, and its chain, if absent.</param>
    /// <param name="who">Who wants it, for the log.</param>
    /// <exception cref="InvalidOperationException">Nobody may do anything here.</exception>
    public Task<IReadOnlyList<string>> StopAsync(string requestId, string? jobId, string who) => Task.Run<IReadOnlyList<string>>(async () =>
    {
        if (!options.AllowActions)
        {
            throw new InvalidOperationException("This dashboard is read-only: DashboardOptions.AllowActions is false");
        }

        var what = jobId is null ? $"request {Say.Short(requestId)}" : $"job {Say.Short(jobId)} of request {Say.Short(requestId)}";
        LogBegun(log, who, what);
        List<string> lines = [];
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            if (await AlarmProbe.FindAsync(address, patience.Token) is { } alarm)
            {
                throw new CommandException($"the broker has an alarm ({alarm}) and takes no messages, so nothing was sent");
            }

            await using var control = await ClientControl.OpenAsync(address, patience.Token);
            var stop = new StopJob { RequestId = requestId, JobId = jobId, SentAt = time.GetUtcNow() };
            using var end = new CancellationTokenSource(Patience + StopWork.PresetTimeout, time);
            var outcome = await StopWork.RunAsync(
                control, stop, StopWork.PresetTimeout, reply => lines.Add(StopOutcome.Line(reply)), warning => lines.Add(warning), end.Token);
            lines.AddRange(outcome.Rest(StopWork.PresetTimeout));
            LogEnded(log, who, what, string.Join("; ", lines));
            return lines;
        }
        catch (Exception error)
        {
            var trouble = error switch
            {
                CommandException => error.Message,
                OperationCanceledException => "the broker did not answer in time; a stop that it has stays in force",
                // Its text was not written for people.
                _ => $"it cannot be stopped: {error.GetType().Name}",
            };
            LogBrokenOff(log, who, what, lines.Count > 0 ? string.Join("; ", lines) : "no answer", trouble);
            return [.. lines, $"Broken off: {trouble}."];
        }
    });

    [LoggerMessage(1463, LogLevel.Information, "{Who} stops {What}")]
    private static partial void LogBegun(ILogger log, string who, string what);

    [LoggerMessage(1464, LogLevel.Information, "{Who} stops {What}: {Outcome}")]
    private static partial void LogEnded(ILogger log, string who, string what, string outcome);

    [LoggerMessage(1465, LogLevel.Warning, "{Who} stops {What}: {Outcome}, then it was broken off: {Trouble}")]
    private static partial void LogBrokenOff(ILogger log, string who, string what, string outcome, string trouble);
}
