using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Does something with the broker until it is done, however long the broker is away: 100 ms between attempts at first,
/// growing to 5 s. Gives up only when the process has ended its work.
/// </summary>
internal sealed class UntilAccepted
{
    private readonly ResiliencePipeline _pipeline;
    private readonly CancellationToken _stopped;
    private readonly ILogger _logger;
    private int _refused;

    public UntilAccepted(TimeProvider time, IHostApplicationLifetime lifetime, ILogger<UntilAccepted> logger)
    {
        _stopped = lifetime.ApplicationStopped;
        _logger = logger;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is not null and not OperationCanceledException and not MessageTooLargeException
                    || (args.Outcome.Exception is OperationCanceledException && !args.Context.CancellationToken.IsCancellationRequested)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(5),
                OnRetry = args =>
                {
                    TellRefused(args.Context.OperationKey ?? "a message", args.AttemptNumber + 1, args.Outcome.Exception);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }

    /// <summary>Runs <paramref name="attempt"/> until it succeeds.</summary>
    /// <param name="what">What is done, for the log.</param>
    /// <param name="attempt">One attempt.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    public async Task RunAsync(string what, Func<CancellationToken, Task> attempt, CancellationToken cancellationToken = default)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(_stopped, cancellationToken);
        var context = ResilienceContextPool.Shared.Get(what, linked.Token);
        try
        {
            await _pipeline.ExecuteAsync(
                static async (ctx, run) => await run(ctx.CancellationToken), context, attempt);
            TellAccepted();
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The same for a message, of which something smaller is sent where the broker takes none of that size.</summary>
    /// <param name="what">What is done, for the log.</param>
    /// <param name="message">What is sent.</param>
    /// <param name="attempt">One attempt.</param>
    /// <param name="smaller">Something smaller to send instead; <see langword="null"/> where there is nothing.</param>
    /// <param name="cancellationToken">Gives up earlier.</param>
    /// <exception cref="MessageTooLargeException">Nothing smaller is left.</exception>
    public async Task RunAsync<T>(
        string what,
        T message,
        Func<T, CancellationToken, Task> attempt,
        Func<T, MessageTooLargeException, T?> smaller,
        CancellationToken cancellationToken = default)
        where T : class
    {
        while (true)
        {
            try
            {
                await RunAsync(what, token => attempt(message, token), cancellationToken);
                return;
            }
            catch (MessageTooLargeException error)
            {
                BrokerLog.TooLarge(_logger, what, error.Message);
                if (smaller(message, error) is not { } next)
                {
                    throw;
                }

                message = next;
            }
        }
    }

    /// <summary>One warning for an outage, however many messages wait for its end.</summary>
    private void TellRefused(string what, int attempt, Exception? error)
    {
        var level = Interlocked.Exchange(ref _refused, 1) == 0 ? LogLevel.Warning : LogLevel.Debug;
        BrokerLog.NotAccepted(_logger, level, what, attempt, error is null ? "" : BrokerFaults.Reason(error));
    }

    private void TellAccepted()
    {
        if (Volatile.Read(ref _refused) == 1 && Interlocked.Exchange(ref _refused, 0) == 1)
        {
            BrokerLog.AcceptedAgain(_logger);
        }
    }
}
