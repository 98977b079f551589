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

    public UntilAccepted(TimeProvider time, IHostApplicationLifetime lifetime, ILogger<UntilAccepted> logger)
    {
        _stopped = lifetime.ApplicationStopped;
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is not null and not OperationCanceledException
                    || (args.Outcome.Exception is OperationCanceledException && !args.Context.CancellationToken.IsCancellationRequested)),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(5),
                OnRetry = args =>
                {
                    var what = args.Context.OperationKey ?? "a message";
                    BrokerLog.NotAccepted(logger, what, args.AttemptNumber + 1, args.Outcome.Exception?.Message ?? "");
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
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }
}
