using System.Collections.Concurrent;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.TestKit;

/// <summary>
/// A Request Manager on a loopback port: the job-log part of Spin Cycle's API as measured on the real one, with an
/// in-memory table, faults on demand, and a record of every request. Thread-safe.
/// </summary>
public sealed class StubRequestManager : IAsyncDisposable
{
    /// <summary>On every answer of a Request Manager.</summary>
    internal static readonly (string Name, string Value) Version = ("X-Spincycle-Version", "2.1.1");

    private readonly string _prefix;
    private readonly StubJobLogTable _table = new();
    private readonly ConcurrentQueue<RecordedRequest> _requests = new();
    private readonly ConcurrentQueue<StubAnswer> _answers = new();
    private WebApplication? _app;
    private int _port;
    private int _count;
    private readonly Action<HttpsConnectionAdapterOptions>? _https;

    private StubRequestManager(string prefix, Action<HttpsConnectionAdapterOptions>? https)
    {
        _prefix = prefix;
        _https = https;
    }

    /// <summary>Where it listens: scheme, host, port and path prefix, without a trailing slash.</summary>
    public string BaseUrl => $"{(_https is null ? "http" : "https")}://127.0.0.1:{_port}{_prefix}";

    /// <summary>The rows of the table: the first write of each (requestId, jobId, try). Short ids are padded with NUL.</summary>
    public IReadOnlyList<JobLogRecorded> Rows => _table.Rows;

    /// <summary>How many rows there are.</summary>
    public int RowCount => _table.Count;

    /// <summary>Requests in the sense of Spin Cycle: chains that it started, their states, and what it was told of them.</summary>
    public StubRequestTable Chains { get; } = new();

    /// <summary>Every request that came, in order; one that was answered by closing included.</summary>
    public IReadOnlyList<RecordedRequest> Requests => [.. _requests];

    /// <summary>What to do with every request, as long as <see cref="Answer"/> has nothing left; null: behave normally.</summary>
    public StubAnswer? Always { get; set; }

    /// <summary>What to do with a request, before <see cref="Answer"/> and <see cref="Always"/> are asked; null, or null from it: nothing special.</summary>
    public Func<RecordedRequest, StubAnswer?>? Decide { get; set; }

    /// <summary>How long each answer takes at least.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Whether <see cref="Requests"/> are kept; they take memory and time.</summary>
    public bool Records { get; set; } = true;

    /// <summary>How many came.</summary>
    public int RequestCount => Volatile.Read(ref _count);

    /// <summary>Starts one on a free port.</summary>
    /// <param name="prefix">Path before <c>/api/v1</c>, such as <c>/spin</c>; none by default.</param>
    /// <param name="https">Makes it speak https, with the server's certificate and what it asks of clients.</param>
    public static async Task<StubRequestManager> StartAsync(string prefix = "", Action<HttpsConnectionAdapterOptions>? https = null)
    {
        var stub = new StubRequestManager(prefix, https);
        await stub.ComeUpAsync();
        return stub;
    }

    /// <summary>The body of an error as a Request Manager writes it.</summary>
    public static string ErrorJson(int status, string message) =>
        JsonSerializer.Serialize(new { message, requestId = "", httpStatus = status });

    /// <summary>What to do with the next requests, one each.</summary>
    public void Answer(params StubAnswer[] answers)
    {
        foreach (var answer in answers)
        {
            _answers.Enqueue(answer);
        }
    }

    /// <summary>Stops listening and breaks every connection; rows are kept. Connections are refused from now on.</summary>
    public async Task GoDownAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Listens, on the same port as before.</summary>
    public async Task ComeUpAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, _port, listen =>
            {
                if (_https is not null)
                {
                    listen.UseHttps(_https);
                }
            });
            kestrel.Limits.MaxRequestBodySize = null;
        });
        var app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync();
        _port = new Uri(app.Urls.Single()).Port;
        _app = app;
    }

    /// <summary>Waits until so many requests have come.</summary>
    /// <exception cref="TimeoutException">They did not within 15 s.</exception>
    public Task WaitForRequestsAsync(int count) => Eventually.HoldsAsync(
        () => $"{count} requests come, not {_requests.Count}", () => _requests.Count >= count, TimeSpan.FromSeconds(15));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await GoDownAsync();
        Chains.Dispose();
    }

    private async Task HandleAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var request = new RecordedRequest(
            http.Request.Method,
            http.Features.Get<IHttpRequestFeature>()!.RawTarget,
            http.Request.Headers.ToDictionary(
                header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray(),
            http.Connection.Id);
        Interlocked.Increment(ref _count);
        if (Records)
        {
            _requests.Enqueue(request);
        }

        if (Latency > TimeSpan.Zero)
        {
            await Task.Delay(Latency, TimeProvider.System, http.RequestAborted);
        }

        switch (Decide?.Invoke(request) ?? (_answers.TryDequeue(out var next) ? next : Always))
        {
            case StubAnswer.HangAnswer hang:
                StoreIf(hang.Store, http, request);
                await HangAsync(http);
                break;
            case StubAnswer.CloseAnswer close:
                StoreIf(close.Store, http, request);
                http.Abort();
                break;
            case StubAnswer.StatusAnswer answer:
                foreach (var (name, value) in answer.Headers)
                {
                    http.Response.Headers[name] = value;
                }

                await WriteAsync(http, answer.Status, System.Text.Encoding.UTF8.GetBytes(answer.Body), answer.ContentType);
                break;
            default:
                http.Response.Headers[Version.Name] = Version.Value;
                await BehaveAsync(http, request);
                break;
        }
    }

    private static async Task HangAsync(HttpContext http) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private void StoreIf(bool store, HttpContext http, RecordedRequest request)
    {
        if (store && Route(http) is { } route)
        {
            _ = route is [var id, "log"] ? (object?)_table.Post(id, request.Body.Span) : Chains.Answer(request.Method, route, http.Request.ContentType, request.Body.Span);
        }
    }

    private Task BehaveAsync(HttpContext http, RecordedRequest request) => (Route(http), request.Method) switch
    {
        ([var requestId, "log"], "POST") => PostAsync(http, requestId, request),
        ([var requestId, "log"], "GET") => WriteAsync(http, 200, _table.Get(requestId)),
        ([var requestId, "log", var jobId], "GET") => _table.Get(requestId, jobId) is { } row
            ? WriteAsync(http, 200, row)
            : ErrorAsync(http, 404, $"job {jobId} not found"),
        ([_, "log"] or [_, "log", _], _) => ErrorAsync(http, 405, "Method Not Allowed"),
        ({ } route, var method) when Chains.Answer(method, route, http.Request.ContentType, request.Body.Span) is var (status, body) =>
            WriteAsync(http, status, System.Text.Encoding.UTF8.GetBytes(body)),
        _ => ErrorAsync(http, 404, "Not Found"),
    };

    private async Task PostAsync(HttpContext http, string requestId, RecordedRequest request)
    {
        // Case matters to the real one.
        if (http.Request.ContentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            await ErrorAsync(http, 415, "Unsupported Media Type");
            return;
        }

        var (status, message) = _table.Post(requestId, request.Body.Span);
        if (status == 201)
        {
            await WriteAsync(http, 201, request.Body);
        }
        else
        {
            await ErrorAsync(http, status, message);
        }
    }

    /// <summary>The segments after <c>/api/v1/requests/</c>; null when the path is another.</summary>
    private string[]? Route(HttpContext http)
    {
        var root = $"{_prefix}/api/v1/requests/";
        var path = http.Request.Path.Value ?? "";
        return path.StartsWith(root, StringComparison.Ordinal) ? path[root.Length..].Split('/') : null;
    }

    private static Task ErrorAsync(HttpContext http, int status, string message) =>
        WriteAsync(http, status, System.Text.Encoding.UTF8.GetBytes(ErrorJson(status, message)));

    private static async Task WriteAsync(
        HttpContext http, int status, ReadOnlyMemory<byte> body, string contentType = "application/json")
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
