using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>
/// The attempts of one delivery: so many, so far apart, each with its own timeout. What comes after the last one is the
/// bus's business.
/// </summary>
internal static class RequestManagerResilience
{
    /// <summary>The longest <c>Retry-After</c> that is waited for here; while waiting, a delivery slot is taken.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>On a request: whether it is made once, with no further attempts.</summary>
    public static readonly HttpRequestOptionsKey<bool> Once = new("jobrunner-once");

    public static void Configure(
        ResiliencePipelineBuilder<HttpResponseMessage> builder, RequestManagerOptions options, TimeProvider time, ILogger logger)
    {
        builder.TimeProvider = time;

        // Polly's metrics stay; its log lines name neither the address nor the reason, ours do.
        builder.ConfigureTelemetry(NullLoggerFactory.Instance);

        // Polly's retry strategy cannot be told "no retries".
        if (options.Attempts > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.Attempts - 1,
                BackoffType = DelayBackoffType.Constant,
                Delay = options.AttemptDelay,
                ShouldHandle = args => ShouldRetryAsync(args, time),
                DelayGenerator = args => ValueTask.FromResult(
                    RetryAfter.Of(args.Outcome.Result, time) is { } asked && asked > options.AttemptDelay
                        ? asked
                        : (TimeSpan?)null),
                OnRetry = args => LogAsync(args, options, logger),
            });
        }

        builder.AddTimeout(options.AttemptTimeout);
    }

    /// <summary>Whether no answer came, rather than a wrong call or the caller's own cancellation.</summary>
    public static bool IsNoAnswer(Exception error, CancellationToken cancellationToken) => error switch
    {
        HttpRequestException or IOException or TimeoutRejectedException => true,
        // The handler's connect timeout looks like a cancellation.
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        _ => false,
    };

    private static async ValueTask<bool> ShouldRetryAsync(
        RetryPredicateArguments<HttpResponseMessage> args, TimeProvider time)
    {
        if (args.Context.GetRequestMessage()?.Options.TryGetValue(Once, out var once) == true && once)
        {
            return false;
        }

        if (args.Outcome.Exception is { } error)
        {
            return IsNoAnswer(error, args.Context.CancellationToken);
        }

        if (args.Outcome.Result is not { } response || AnswerBodyHandler.IsAnswerToGet(response))
        {
            return false;
        }

        var answer = await RequestManagerAnswer.ReadAsync(response);
        return answer.Kind == AnswerKind.Retryable && !(RetryAfter.Of(response, time) > LongestRetryAfter);
    }

    private static async ValueTask LogAsync(
        OnRetryArguments<HttpResponseMessage> args, RequestManagerOptions options, ILogger logger)
    {
        if (!logger.IsEnabled(LogLevel.Warning))
        {
            return;
        }

        var response = args.Outcome.Result;
        var reason = response is null
            ? NoAnswer(args.Outcome.Exception!, options)
            : (await RequestManagerAnswer.ReadAsync(response)).ToString();
        var request = args.Context.GetRequestMessage();
        logger.AttemptFailed(
            args.AttemptNumber + 1, options.Attempts, request?.Method.Method ?? "", request?.RequestUri, reason, args.RetryDelay);
    }

    /// <summary>Why no answer came, in a few words.</summary>
    public static string NoAnswer(Exception error, RequestManagerOptions options) =>
        error is TimeoutRejectedException
            ? $"no answer within {options.AttemptTimeout} ({RequestManagerOptions.SettingPrefix}{nameof(options.AttemptTimeout)})"
            : error.GetBaseException().Message;
}
