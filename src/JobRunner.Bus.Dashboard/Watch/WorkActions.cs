using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>Does what <c>jobrunner stop</c> and <c>jobrunner drain</c> do. What was begun goes on when its page is closed.</summary>
internal sealed partial class WorkActions(BrokerAddress address, DashboardOptions options, TimeProvider time, ILogger<WorkActions> log)
{
    // For the broker alone: how long jobs may take comes on top.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Stops a request or a job, and tells in lines what became of it.</summary>
    /// <param name="requestId">The request.</param>
    /// <param name="jobId">The job; all of the request, and its chain, if absent.</param>
    /// <param name="who">Who wants it, for the log.</param>
    /// <exception cref="InvalidOperationException">Nobody may do anything here.</exception>
    public Task<IReadOnlyList<string>> StopAsync(string requestId, string? jobId, string who)
    {
        var what = jobId is null ? $"request {Say.Short(requestId)}" : $"job {Say.Short(jobId)} of request {Say.Short(requestId)}";
        return DoAsync(who, "stops", what, "a stop that it has stays in force", async (control, tell, end) =>
        {
            var stop = new StopJob { RequestId = requestId, JobId = jobId, SentAt = time.GetUtcNow() };
            var outcome = await StopWork.RunAsync(control, stop, StopWork.PresetTimeout, reply => tell(StopOutcome.Line(reply)), tell, end);
            foreach (var line in outcome.Rest(StopWork.PresetTimeout))
            {
                tell(line);
            }
        });
    }

    /// <summary>Drains a worker, and tells in lines how far it is.</summary>
    /// <param name="worker">Its name.</param>
    /// <param name="who">Who wants it, for the worker and the log.</param>
    /// <exception cref="InvalidOperationException">Nobody may do anything here.</exception>
    public Task<IReadOnlyList<string>> DrainAsync(string worker, string who) => DoAsync(
        who, "drains", $"worker {Say.Short(worker)}", "a worker that was told drains on", async (control, tell, end) =>
        {
            var last = "";
            try
            {
                await DrainWork.RunAsync(control, worker, $"{who}, on the dashboard", status => last = DrainWork.Line(status), time, end);
            }
            catch (OperationCanceledException) when (last.Length > 0)
            {
                last += ", and goes on";
            }

            tell(last);
        });

    private Task<IReadOnlyList<string>> DoAsync(
        string who, string does, string what, string whatStays, Func<IBrokerControl, Action<string>, CancellationToken, Task> work) => Task.Run<IReadOnlyList<string>>(async () =>
    {
        if (!options.AllowActions)
        {
            throw new InvalidOperationException("This dashboard is read-only: DashboardOptions.AllowActions is false");
        }

        LogBegun(log, who, does, what);
        List<string> lines = [];
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            if (await AlarmProbe.FindAsync(address, patience.Token) is { } alarm)
            {
                throw new CommandException($"the broker has an alarm ({alarm}) and takes no messages, so nothing was sent");
            }

            await using var control = await ClientControl.OpenAsync(address, patience.Token);
            using var end = new CancellationTokenSource(Patience + StopWork.PresetTimeout, time);
            await work(control, lines.Add, end.Token);
            LogEnded(log, who, does, what, string.Join("; ", lines));
            return lines;
        }
        catch (Exception error)
        {
            var trouble = error switch
            {
                CommandException => error.Message,
                OperationCanceledException => $"the broker did not answer in time; {whatStays}",
                // Its text was not written for people.
                _ => $"it cannot be done: {error.GetType().Name}",
            };
            LogBrokenOff(log, who, does, what, lines.Count > 0 ? string.Join("; ", lines) : "no answer", trouble);
            return [.. lines, $"Broken off: {trouble}."];
        }
    });

    [LoggerMessage(1463, LogLevel.Information, "{Who} {Does} {What}")]
    private static partial void LogBegun(ILogger log, string who, string does, string what);

    [LoggerMessage(1464, LogLevel.Information, "{Who} {Does} {What}: {Outcome}")]
    private static partial void LogEnded(ILogger log, string who, string does, string what, string outcome);

    [LoggerMessage(1465, LogLevel.Warning, "{Who} {Does} {What}: {Outcome}, then it was broken off: {Trouble}")]
    private static partial void LogBrokenOff(ILogger log, string who, string does, string what, string outcome, string trouble);
}
