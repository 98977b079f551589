using JobRunner.Bus.Operations;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Retries and discards what lies in the error queues, as <c>jobrunner errors</c> does: one action after another, and none while somebody
/// looks. What was begun goes on when its page is closed. Each message is removed only after the broker has confirmed what was sent.
/// </summary>
internal sealed partial class ErrorActions(
    BrokerAddress address, DashboardOptions options, ErrorLook look, IConfiguration settings, TimeProvider time, ILogger<ErrorActions> log) : IAsyncDisposable
{
    // It waits for the broker alone: how long the work itself takes depends on how much there is.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private StoredTries? _stored;

    /// <summary>Whether people may do anything.</summary>
    public bool AreAllowed => options.AllowActions;

    /// <summary>Whether it is known which job logs were delivered meanwhile, to whoever has asked for a retry.</summary>
    public bool KnowsDelivered => _stored is { AreNamed: true };

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stored?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Reads the error queues and tells what would become of the messages; changes nothing.</summary>
    /// <exception cref="InvalidOperationException">Nobody may do anything here.</exception>
    public Task<ErrorsChanged> AskAsync(ErrorAction action, CancellationToken cancellation) =>
        Task.Run(() => ChangeAsync(action, dryRun: true, new RepairTally(), cancellation), cancellation);

    /// <summary>Does it.</summary>
    /// <param name="action">What to do.</param>
    /// <param name="who">Who wants it, for the log.</param>
    /// <param name="tally">Counts while it goes on.</param>
    /// <exception cref="InvalidOperationException">Nobody may do anything here.</exception>
    public Task<ErrorsChanged> DoAsync(ErrorAction action, string who, RepairTally tally) => Task.Run(async () =>
    {
        // On no page's thread: it goes on without the page.
        var verb = action.IsRetry ? "retries" : "discards";
        if (options.AllowActions)
        {
            LogBegun(log, who, verb, action.Named);
        }

        var changed = await ChangeAsync(action, dryRun: false, tally, CancellationToken.None);
        var outcome = tally.All > 0 ? Say.Outcomes(tally, dryRun: false) : "nothing changed";
        if (changed.Trouble is { } trouble)
        {
            LogBrokenOff(log, who, verb, action.Named, outcome, trouble);
        }
        else
        {
            LogEnded(log, who, verb, action.Named, outcome);
        }

        return changed;
    });

    private async Task<ErrorsChanged> ChangeAsync(ErrorAction action, bool dryRun, RepairTally tally, CancellationToken cancellation)
    {
        if (!options.AllowActions)
        {
            throw new InvalidOperationException("This dashboard is read-only: DashboardOptions.AllowActions is false");
        }

        return await look.AloneAsync(async () =>
        {
            List<string> warnings = [];
            try
            {
                using var patience = new CancellationTokenSource(Patience, time);
                if (action.IsRetry && await AlarmProbe.FindAsync(address, patience.Token) is { } alarm)
                {
                    return new ErrorsChanged(tally, $"the broker has an alarm ({alarm}) and takes no messages, so nothing was sent", warnings);
                }

                await using var broker = await RepairBroker.OpenAsync(address, time, patience.Token, confirmWithin: Patience);
                BatchWork work = action.IsRetry
                    ? new RetryWork(broker, new StoredTriesBook(_stored ??= new StoredTries(settings), warnings.Add), time, dryRun).RunAsync
                    : new DiscardWork(dryRun).RunAsync;
                await new ErrorChange(broker, work, dryRun, tally.Add, warnings.Add).RunAsync(action.Which, cancellation);
                return new ErrorsChanged(tally, null, warnings);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                return new ErrorsChanged(tally, InWords(error), warnings);
            }
        }, cancellation);
    }

    /// <summary>A fault that no rule names is told by its type alone: its text was not written for people.</summary>
    private static string InWords(Exception error) => error switch
    {
        CommandException => error.Message,
        OptionsValidationException wrong => string.Join("; ", wrong.Failures),
        OperationCanceledException => "the broker did not answer in time",
        _ => $"the error queues cannot be changed: {error.GetType().Name}",
    };

    [LoggerMessage(1460, LogLevel.Information, "{Who} {Verb} {Named}")]
    private static partial void LogBegun(ILogger log, string who, string verb, string named);

    [LoggerMessage(1461, LogLevel.Information, "{Who} {Verb} {Named}: {Outcome}")]
    private static partial void LogEnded(ILogger log, string who, string verb, string named, string outcome);

    [LoggerMessage(1462, LogLevel.Warning, "{Who} {Verb} {Named}: {Outcome}, then it was broken off: {Trouble}")]
    private static partial void LogBrokenOff(ILogger log, string who, string verb, string named, string outcome, string trouble);
}
