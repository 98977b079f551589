using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>What workers of role Chain told.</summary>
/// <param name="Chains">The chains, those that run first; a single one with its jobs.</param>
/// <param name="Notes">Why some of the workers could not ask their store.</param>
/// <param name="Trouble">Why nothing is known; absent where it is.</param>
internal sealed record ChainsFound(IReadOnlyList<ChainStatus> Chains, IReadOnlyList<string> Notes, string? Trouble);

/// <summary>Asks workers of role Chain for all pages together: one question a second at most, and none while no page shows chains.</summary>
internal sealed partial class ChainLook(BrokerAddress address, TimeProvider time, ILogger<ChainLook> log) : IAsyncDisposable
{
    /// <summary>Most chains in the list.</summary>
    public const int MostChains = 200;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<string, (ChainsFound Found, long AskedAt)> _known = new(StringComparer.Ordinal);
    private JobRunnerClient? _client;
    private long? _askedAt;
    private string? _told;

    /// <summary>How chains stand; what was told just now, if somebody has asked.</summary>
    /// <param name="requestId">Only the chain of this request, with its jobs; <see langword="null"/> for a list.</param>
    /// <param name="cancellation">The page was left.</param>
    public async Task<ChainsFound> AskAsync(string? requestId, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            if (_known.TryGetValue(requestId ?? "", out var known) && IsFresh(known.AskedAt))
            {
                return known.Found;
            }

            if (_askedAt is { } last && time.GetElapsedTime(last) is var since && since < Every)
            {
                await Task.Delay(Every - since, time, cancellation);
            }

            foreach (var old in _known.Where(one => !IsFresh(one.Value.AskedAt)).Select(one => one.Key).ToArray())
            {
                _known.Remove(old);
            }

            var askedAt = time.GetTimestamp();
            _askedAt = askedAt;
            var found = await LookAsync(requestId);
            _known[requestId ?? ""] = (found, askedAt);
            return found;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _one.Dispose();
        if (_client is not null)
        {
            await _client.DisposeAsync();
        }
    }

    private bool IsFresh(long askedAt) => time.GetElapsedTime(askedAt) < Fresh;

    private async Task<ChainsFound> LookAsync(string? requestId)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            _client ??= await JobRunnerClient.ConnectAsync(
                address,
                new JobRunnerClientOptions { ClientName = "jobrunner dashboard (chains)", ReceivesResults = false, ReconnectTimeout = Every, Time = time },
                patience.Token);
            List<string> notes = [];
            var reports = await _client.AskChainsAsync(new GetChains { RequestId = requestId, Limit = MostChains }, patience.Token);
            return new ChainsFound(ChainReports.Known(reports, notes.Add), notes, null);
        }
        catch (CommandException error)
        {
            // That nobody schedules chains is no fault.
            return new ChainsFound([], [], error.Message);
        }
        catch (Exception error)
        {
            if (Interlocked.Exchange(ref _told, error.Message) != error.Message)
            {
                LogTrouble(log, error.GetType().Name, error.Message);
            }

            return new ChainsFound([], [], error switch
            {
                JobRunnerClientException => error.Message,
                OperationCanceledException => "the workers of role Chain did not answer in time",
                // Its text was not written for people.
                _ => $"the workers of role Chain cannot be asked: {error.GetType().Name}",
            });
        }
    }

    [LoggerMessage(1452, LogLevel.Warning, "The dashboard cannot ask for chains: {Error}: {Message}")]
    private static partial void LogTrouble(ILogger log, string error, string message);
}
