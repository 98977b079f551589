using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>
/// Asks the workers once a second and counts the queues, for all pages together. Workers tell their single runs only while a page shows
/// them: until then an answer is a few numbers, however many runs there are.
/// </summary>
internal sealed partial class BrokerWatch(BrokerAddress address, PictureBook book, TimeProvider time, ILogger<BrokerWatch> log) : BackgroundService
{
    // No request has such an id: the answers are the summaries alone.
    private const string NoRequest = "-";

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AfterTrouble = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RunsAreWantedFor = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _runsWantedAt;
    private CancellationTokenSource? _round;
    private string? _told;

    /// <summary>A page shows runs, and will say so again within a few seconds for as long as it does.</summary>
    public void WantRuns()
    {
        lock (_gate)
        {
            var wasWanted = RunsAreWanted;
            _runsWantedAt = time.GetTimestamp();
            if (!wasWanted)
            {
                // The page is not to wait for the end of the round.
                _ = _round?.CancelAsync();
            }
        }
    }

    private bool RunsAreWanted => _runsWantedAt is { } at && time.GetElapsedTime(at) < RunsAreWantedFor;

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
        KeepAsync(HearAsync, error => Tell(error, book.Fail), time, stoppingToken),
        KeepAsync(CountAsync, error => Tell(error, _ => { }), time, stoppingToken));

    /// <summary>Does something that never ends; begins anew whatever ended it. Never throws: that would end the whole host.</summary>
    internal static async Task KeepAsync(Func<CancellationToken, Task> work, Action<Exception> onTrouble, TimeProvider time, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await work(stop);
            }
            catch (Exception) when (stop.IsCancellationRequested)
            {
                // Whatever it was, nobody looks any more.
                return;
            }
            catch (Exception error)
            {
                onTrouble(error);
            }

            await Task.Delay(AfterTrouble, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Tell(Exception error, Action<string> onTrouble)
    {
        onTrouble(InWords(error));
        if (Interlocked.Exchange(ref _told, error.Message) != error.Message)
        {
            LogTrouble(log, error.GetType().Name, error.Message);
        }
    }

    private async Task HearAsync(CancellationToken stop)
    {
        await using var client = await JobRunnerClient.ConnectAsync(
            address,
            new JobRunnerClientOptions
            {
                ClientName = "jobrunner dashboard",
                // What the user "operator" of infra/rabbitmq/definitions.json may declare.
                OwnQueuePrefix = "operator.",
                OwnQueueExpires = TimeSpan.FromMinutes(1),
                ReconnectTimeout = Every,
                KeepUnclaimed = TimeSpan.Zero,
                Observer = book,
                Time = time,
            },
            stop);
        while (true)
        {
            try
            {
                await AskAsync(client, stop);
            }
            catch (JobRunnerClientException error)
            {
                // The client itself looks for the broker.
                book.Fail(error.Message);
                await Task.Delay(AfterTrouble, time, stop);
            }
        }
    }

    private async Task AskAsync(JobRunnerClient client, CancellationToken stop)
    {
        using var round = CancellationTokenSource.CreateLinkedTokenSource(stop);
        bool withRuns;
        lock (_gate)
        {
            withRuns = RunsAreWanted;
            _round = round;
        }

        try
        {
            var missing = book.Now.Answering.Select(worker => worker.Told.Worker).ToHashSet();
            var asked = await client.HearWorkersAsync(new GetRunnerStatus { RequestId = withRuns ? null : NoRequest }, Every, Hear, round.Token);
            book.Show();
            if (!asked)
            {
                await Task.Delay(Every, time, round.Token);
            }

            void Hear(WorkerStatus told, IReadOnlyList<RunnerStatus> runs)
            {
                book.Hear(told, withRuns ? runs : null);
                if (missing.Remove(told.Worker) && missing.Count == 0)
                {
                    book.Show();
                }
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Somebody wants more than this round would tell.
        }
        finally
        {
            lock (_gate)
            {
                _round = null;
            }
        }
    }

    private async Task CountAsync(CancellationToken stop)
    {
        try
        {
            await using var counts = await QueueCounts.OpenAsync(address, "jobrunner dashboard (counts)", stop);
            while (true)
            {
                book.Count(await counts.OfAsync(Picture.CountedQueues, stop));
                await Task.Delay(Every, time, stop);
            }
        }
        finally
        {
            book.Count(new Dictionary<string, long?>());
        }
    }

    /// <summary>A fault that no rule names is told by its type alone: its text was not written for people.</summary>
    private static string InWords(Exception error) =>
        error is JobRunnerClientException or CommandException ? error.Message : $"the broker cannot be asked: {error.GetType().Name}";

    [LoggerMessage(1450, LogLevel.Warning, "The dashboard cannot look at the broker: {Error}: {Message}")]
    private static partial void LogTrouble(ILogger log, string error, string message);
}
