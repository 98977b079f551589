using System.Net.Http.Headers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>
/// Job logs at a Spin Cycle Request Manager, over HTTP. Each call makes up to <see cref="RequestManagerOptions.Attempts"/>
/// attempts by itself.
/// </summary>
internal sealed class RequestManagerClient : IJobLogStore, IJobLogReader
{
    private readonly HttpClient _http;
    private readonly RequestManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _requests;

    /// <param name="http">A client with the handlers of <see cref="JobLogDelivery"/>.</param>
    /// <param name="options">Options with a BaseUrl, validated.</param>
    /// <param name="time">Measures <c>Retry-After</c>.</param>
    /// <param name="logger">Where cuts are told.</param>
    public RequestManagerClient(
        HttpClient http, IOptions<RequestManagerOptions> options, TimeProvider time, ILogger<RequestManagerClient> logger)
    {
        _http = http;
        _options = options.Value;
        _time = time;
        _logger = logger;
        _requests = $"{_options.BaseUrl!.TrimEnd('/')}/api/v1/requests/";
    }

    /// <inheritdoc/>
    public Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken) => PutAsync(log, once: false, cancellationToken);

    /// <inheritdoc/>
    public Task<DeliveryOutcome> PutOnceAsync(JobLogRecorded log, CancellationToken cancellationToken) => PutAsync(log, once: true, cancellationToken);

    private async Task<DeliveryOutcome> PutAsync(JobLogRecorded log, bool once, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        var fitted = JobLogLimits.Fit(log, _options.MaxStreamBytes, _options.StrictIds, out var cuts);
        if (cuts.Length > 0)
        {
            _logger.JobLogCut(log.RequestId, log.JobId, log.Try, cuts);
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, LogUrl(log.RequestId));
        request.Options.Set(RequestManagerResilience.Once, once);
        request.Content = new ByteArrayContent(Wire.Serialize(fitted));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(Wire.ContentType);

        var what = $"the job log of {JobLogName.Of(log)}";
        using var response = await SendAsync(request, what, cancellationToken);
        var answer = await RequestManagerAnswer.ReadAsync(response);
        switch (answer.Kind)
        {
            case AnswerKind.Stored:
                return DeliveryOutcome.Stored;
            case AnswerKind.AlreadyThere:
                _logger.JobLogAlreadyThere(log.RequestId, log.JobId, log.Try);
                return DeliveryOutcome.AlreadyThere;
            default:
                throw Refused(answer, response, what);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JobLogRecorded>> GetAsync(string requestId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(requestId);
        var what = $"the question for the job logs of request \"{Utf8Cut.Tail(requestId, 100)}\"";
        using var request = new HttpRequestMessage(HttpMethod.Get, LogUrl(requestId));
        using var response = await SendAsync(request, what, cancellationToken);
        if (!AnswerBodyHandler.IsAnswerToGet(response))
        {
            throw Refused(await RequestManagerAnswer.ReadAsync(response), response, what);
        }

        try
        {
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return JobLogOrder.Sort(Wire.Deserialize<IReadOnlyList<JobLogRecorded>>(body));
        }
        catch (WireFormatException error)
        {
            throw new PermanentDeliveryException(
                $"the Request Manager at {_options.BaseUrl} answered {what} with something else: {error.Message}",
                (int)response.StatusCode, innerException: error);
        }
    }

    private Uri LogUrl(string requestId) => new($"{_requests}{Uri.EscapeDataString(requestId)}/log");

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
        catch (Exception error) when (RequestManagerResilience.IsNoAnswer(error, cancellationToken))
        {
            throw new RetryableDeliveryException(
                $"the Request Manager at {_options.BaseUrl} did not answer {what}: "
                + RequestManagerResilience.NoAnswer(error, _options),
                innerException: error)
            {
                StoreIsDown = Trouble.Of(error).IsDown,
                StoreIsBusy = Trouble.Of(error).IsBusy,
            };
        }
    }

    private Exception Refused(RequestManagerAnswer answer, HttpResponseMessage response, string what)
    {
        var message = $"the Request Manager at {_options.BaseUrl} answered {what} with {answer}";
        return answer.Kind == AnswerKind.Permanent
            ? new PermanentDeliveryException(message, answer.Status, answer.Words)
            : new RetryableDeliveryException(message, answer.Status, answer.Words, RetryAfter.Of(response, _time))
            {
                StoreIsDown = Trouble.Of(answer).IsDown,
                StoreIsBusy = Trouble.Of(answer).IsBusy,
            };
    }
}
