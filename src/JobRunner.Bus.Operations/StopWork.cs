using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>Stops a job, or a request with its chain, and waits for whoever holds it.</summary>
internal static class StopWork
{
    /// <summary>How long jobs may take to stop, where nobody says otherwise.</summary>
    public static readonly TimeSpan PresetTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Sends the stop and hears the answers.</summary>
    /// <param name="control">The workers.</param>
    /// <param name="stop">The stop.</param>
    /// <param name="timeout">How long to wait for jobs that take their time to stop.</param>
    /// <param name="onReply">Told every answer as it comes.</param>
    /// <param name="warn">Told what could not be done beside the stop.</param>
    /// <param name="cancellation">Gives up waiting; the stop stays in force.</param>
    /// <exception cref="SchedulerBusException">The stop could not be sent.</exception>
    public static async Task<StopOutcome> RunAsync(
        IBrokerControl control, StopJob stop, TimeSpan timeout, Action<StopJobReply> onReply, Action<string> warn, CancellationToken cancellation)
    {
        List<StopJobReply> answers = [];
        // First: what a chain starts after its jobs were stopped would run.
        var isChainLeft = stop.JobId is null && !await StopChainAsync(control, stop.RequestId, warn, cancellation);
        var unanswered = await control.StopAsync(
            stop,
            timeout,
            reply =>
            {
                answers.Add(reply);
                onReply(reply);
            },
            cancellation);
        var chain = stop.JobId is null && !isChainLeft
            && ChainReports.Merge(await control.AskChainsAsync(new GetChains { RequestId = stop.RequestId }, cancellation)) is [var known, ..] ? known : null;
        return new StopOutcome(stop, answers, unanswered, chain, isChainLeft);
    }

    /// <summary>A user that may stop jobs need not be allowed to stop chains.</summary>
    private static async Task<bool> StopChainAsync(IBrokerControl control, string requestId, Action<string> warn, CancellationToken cancellation)
    {
        try
        {
            await control.StopChainAsync(requestId, cancellation);
            return true;
        }
        catch (SchedulerBusException error)
        {
            warn($"the chain of request {Say.OneLine(requestId)} could not be stopped, only its jobs: {error.Message}");
            return false;
        }
    }
}
