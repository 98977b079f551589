using System.Net.Http.Headers;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>Job logs at a Spin Cycle Request Manager, over HTTP. A log is sent in one attempt; a question is asked up to <see cref="RequestManagerOptions.Attempts"/> times.</summary>
internal sealed class RequestManagerClient : IJobLogStore, IJobLogReader
{
    /// <summary>How much of an answer is read where it is no list of logs: the words of an error are in it, an echo of 16 MB is not.</summary>
    public const int PrefixBytes = 8 * 1024;

    private readonly HttpClient _http;
    private readonly RequestManagerCredentials _credentials;
    private readonly RequestManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _attempt;
    private readonly ResiliencePipeline _question;

    /// <param name="http">A client as <see cref="JobLogDelivery"/> sets it up.</param>
    /// <param name="credentials">What goes with each request.</param>
    /// <param name="options">Options with a BaseUrl, validated.</param>
    /// <param name="time">Measures attempts and <c>Retry-After</c>.</param>
    /// <param name="logger">Where cuts are told.</param>
    public RequestManagerClient(
        HttpClient http, RequestManagerCredentials credentials, IOptions<RequestManagerOptions> options, TimeProvider time, ILogger<RequestManagerClient> logger)
    {
        (_http, _credentials, _options, _time, _logger) = (http, credentials, options.Value, time, logger);
        _attempt = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(_options.AttemptTimeout).Build();
        _question = _options.Attempts == 1 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<RetryableDeliveryException>(error => !(error.RetryAfter > _options.AttemptDelay)),
                MaxRetryAttempts = _options.Attempts - 1,
                BackoffType = DelayBackoffType.Constant,
                Delay = _options.AttemptDelay,
            })
            .Build();
    }

    /// <inheritdoc/>
    public async Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        var fitted = JobLogLimits.Fit(log, _options.MaxStreamBytes, _options.StrictIds, out var cuts);
        if (cuts.Length > 0)
        {
            _logger.JobLogCut(log.RequestId, log.JobId, log.Try, cuts);
        }

        var what = $"the job log of {JobLogName.Of(log)}";
        var reply = await SendAsync(HttpMethod.Post, LogUrl(log.RequestId), Wire.Serialize(fitted), what, cancellationToken);
        var answer = RequestManagerAnswer.Of(fitted, reply.Status, reply.HasVersion, reply.Body, _options.AnyReceiver);
        switch (answer.Kind)
        {
            case AnswerKind.Stored:
                return DeliveryOutcome.Stored;
            case AnswerKind.AlreadyThere:
                _logger.JobLogAlreadyThere(log.RequestId, log.JobId, log.Try);
                return DeliveryOutcome.AlreadyThere;
            default:
                throw Refused(answer, reply, what);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobLogRecorded>> GetAsync(string requestId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        var what = $"the question for the job logs of request \"{Utf8Cut.Tail(requestId, 100)}\"";
        var logs = await _question.ExecuteAsync(
            async token =>
            {
                var reply = await SendAsync(HttpMethod.Get, LogUrl(requestId), body: null, what, token);
                return reply.Status == 200
                    ? reply.Body
                    : throw Refused(reply, what);
            },
            cancellationToken);
        try
        {
            return JobLogOrder.Sort(Wire.Deserialize<IReadOnlyList<JobLogRecorded>>(logs));
        }
        catch (WireFormatException error)
        {
            throw new PermanentDeliveryException($"the Request Manager at {_options.BaseUrl} answered {what} with something else: {error.Message}", 200, innerException: error);
        }
    }

    /// <summary>Asks the Request Manager something that is no job log, in one attempt.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path behind <c>/api/v1/</c>.</param>
    /// <param name="body">JSON, or nothing.</param>
    /// <param name="what">What it is, for errors.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="RetryableDeliveryException">No answer came.</exception>
    public Task<RequestManagerReply> CallAsync(HttpMethod method, string path, byte[] body, string what, CancellationToken cancellationToken) =>
        SendAsync(method, new Uri($"{_options.BaseUrl!.TrimEnd('/')}/api/v1/{path}"), body, what, cancellationToken);

    /// <summary>What follows for the sender from an answer that is no success.</summary>
    public Exception Refused(RequestManagerReply reply, string what) =>
        Refused(RequestManagerAnswer.Of(new JobLogRecorded(), reply.Status, reply.HasVersion, reply.Body, _options.AnyReceiver), reply, what);

    private Uri LogUrl(string requestId) => new($"{_options.BaseUrl!.TrimEnd('/')}/api/v1/requests/{Uri.EscapeDataString(requestId)}/log");

    private async Task<RequestManagerReply> SendAsync(HttpMethod method, Uri url, byte[]? body, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await _attempt.ExecuteAsync(async token => await SendAsync(method, url, body, token), cancellationToken);
        }
        // Whatever it is: HttpClient throws more than it tells, such as a bare SocketException where the server closes its port in this moment.
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // MassTransit would take a cancellation inside it, as of a time limit, for the end of the delivery.
            var inner = error.GetBaseException() is OperationCanceledException ? null : error;
            throw new RetryableDeliveryException($"the Request Manager at {_options.BaseUrl} did not answer {what}: {NoAnswer(error)}", innerException: inner)
            {
                StoreIsDown = IsOutage(error),
            };
        }
    }

    private async Task<RequestManagerReply> SendAsync(HttpMethod method, Uri url, byte[]? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(Wire.ContentType);
        }

        _credentials.AddTo(request);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        var status = (int)response.StatusCode;
        var hasVersion = response.Headers.Contains(RequestManagerAnswer.VersionHeader);
        var asked = response.Headers.RetryAfter;
        var retryAfter = asked?.Delta ?? (asked?.Date - _time.GetUtcNow());
        return new RequestManagerReply(
            status,
            hasVersion,
            method == HttpMethod.Get && status == 200 ? await response.Content.ReadAsByteArrayAsync(cancellationToken)
                : status == 201 && (hasVersion || _options.AnyReceiver) ? []
                : await WordsAsync(response, cancellationToken),
            retryAfter < TimeSpan.Zero ? TimeSpan.Zero : retryAfter);
    }

    private async Task<byte[]> WordsAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var prefix = new byte[PrefixBytes];
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        var length = await stream.ReadAtLeastAsync(prefix, prefix.Length, throwOnEndOfStream: false, cancellationToken);
        var words = length == 0 && response.Headers.Location is { } location ? $"Location: {location}" : Encoding.UTF8.GetString(prefix, 0, length);
        // An answer may repeat what it was asked with, and answers are logged.
        return Encoding.UTF8.GetBytes(_credentials.Blot(words));
    }

    /// <summary>Whether no log gets through. One that is too much for a Request Manager can make it hang or hang up, too.</summary>
    private static bool IsOutage(Exception error) => error
        is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError }
        or System.Net.Sockets.SocketException
        // A file with a secret has gone since the worker started.
        or FormatException
        // The handler's connect timeout.
        or OperationCanceledException;

    /// <summary>Why no answer came, in a few words.</summary>
    private string NoAnswer(Exception error) => error switch
    {
        TimeoutRejectedException => $"no answer within {_options.AttemptTimeout} ({RequestManagerOptions.SettingPrefix}{nameof(_options.AttemptTimeout)})",
        HttpRequestException or IOException or FormatException or OperationCanceledException => error.GetBaseException().Message,
        _ => $"{error.GetType().Name}: {error.Message}",
    };

    private Exception Refused(RequestManagerAnswer answer, RequestManagerReply reply, string what)
    {
        var message = $"the Request Manager at {_options.BaseUrl} answered {what} with {answer}";
        return answer.Kind == AnswerKind.Permanent
            ? new PermanentDeliveryException(message, answer.Status, answer.Words)
            : new RetryableDeliveryException(message, answer.Status, answer.Words, reply.RetryAfter) { StoreIsDown = answer.Kind == AnswerKind.Outage };
    }
}

/// <summary>An answer as it came.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="HasVersion">Whether it has the header that is on every answer of a Request Manager.</param>
/// <param name="Body">The body, or its first few KB where it is no list.</param>
/// <param name="RetryAfter">How long it asks to be left alone.</param>
internal sealed record RequestManagerReply(int Status, bool HasVersion, byte[] Body, TimeSpan? RetryAfter);
