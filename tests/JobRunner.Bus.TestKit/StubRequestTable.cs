using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.TestKit;

/// <summary>
/// The requests of a <see cref="StubRequestManager"/>, as measured on the real one: it posts a chain to a Job Runner, sends stops to the
/// address that came back as <c>Location</c>, and takes progress and ends only as the state allows. Thread-safe.
/// </summary>
public sealed class StubRequestTable : IDisposable
{
    private const int Pending = 1;
    private const int Running = 2;

    private static readonly string[] Names = ["UNKNOWN", "PENDING", "RUNNING", "COMPLETE", "FAIL", "RESERVED", "STOPPED", "SUSPENDED"];

    private readonly ConcurrentDictionary<string, Row> _rows = new();
    private readonly HttpClient _http = new();

    /// <summary>How long after the Job Runner's answer a request is written as RUNNING.</summary>
    public TimeSpan WritesRunningAfter { get; set; }

    /// <summary>The state of a request.</summary>
    public int StateOf(string requestId) => _rows[requestId].State;

    /// <summary>How many jobs a request has COMPLETE, as it was last told.</summary>
    public int FinishedJobsOf(string requestId) => _rows[requestId].FinishedJobs;

    /// <summary>The address that it was given with a chain.</summary>
    public Uri JobRunnerOf(string requestId) => _rows[requestId].JobRunner!;

    /// <summary>What it was told of the progress of a request, and when.</summary>
    public IReadOnlyList<(int FinishedJobs, DateTimeOffset At)> ProgressOf(string requestId) => [.. _rows[requestId].Progress];

    /// <summary>Starts a request: posts its chain, which must be answered with 200 and a Location.</summary>
    /// <param name="jobRunner">The setting <c>jr_client.url</c>.</param>
    /// <param name="chain">The chain.</param>
    /// <param name="path">Where it is posted.</param>
    /// <exception cref="InvalidOperationException">The answer is none that a Request Manager takes.</exception>
    public async Task StartAsync(Uri jobRunner, string chain, string path = "/api/v1/job-chains")
    {
        var requestId = (string)JsonNode.Parse(chain)!["requestId"]!;
        var row = _rows.GetOrAdd(requestId, _ => new Row());
        using var answer = await SendAsync(HttpMethod.Post, new Uri(jobRunner, path), chain);
        if ((int)answer.StatusCode != 200 || answer.Headers.Location is not { } location)
        {
            throw new InvalidOperationException($"{(int)answer.StatusCode} {answer.Headers.Location} {await answer.Content.ReadAsStringAsync()}");
        }

        row.JobRunner = new Uri(new Uri(jobRunner, location).GetLeftPart(UriPartial.Authority));
        await Task.Delay(WritesRunningAfter, TimeProvider.System);
        row.State = Running;
    }

    /// <summary>Stops a request at the address it got.</summary>
    /// <returns>The answer's status; only 200 is a success.</returns>
    public async Task<int> StopAsync(string requestId)
    {
        using var answer = await SendAsync(HttpMethod.Put, new Uri(_rows[requestId].JobRunner!, $"/api/v1/job-chains/{requestId}/stop"), "");
        return (int)answer.StatusCode;
    }

    /// <summary>What runs of a request, asked at the address it got.</summary>
    public async Task<JsonArray> RunningJobsAsync(string requestId)
    {
        using var answer = await SendAsync(HttpMethod.Get, new Uri(_rows[requestId].JobRunner!, $"/api/v1/status/running?requestId={requestId}"), "");
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>The status and the body of an answer; none if the route is another's.</summary>
    internal (int Status, string Body)? Answer(string method, string[] route, string? contentType, ReadOnlySpan<byte> body)
    {
        if (route is not ([_] or [_, "progress"] or [_, "finish"]))
        {
            return null;
        }

        if (contentType?.StartsWith("application/json", StringComparison.Ordinal) != true)
        {
            return (415, StubRequestManager.ErrorJson(415, "Unsupported Media Type"));
        }

        var known = _rows.TryGetValue(route[0], out var row);
        return (method, route.ElementAtOrDefault(1)) switch
        {
            ("GET", null) when known => (200, new JsonObject { ["id"] = route[0], ["state"] = row!.State, ["finishedJobs"] = row.FinishedJobs }.ToJsonString()),
            ("PUT", "progress") => Progress(row, body),
            ("PUT", "finish") when known => Finish(row!, body),
            ("GET", null) or ("PUT", "finish") => (404, StubRequestManager.ErrorJson(404, $"request {route[0]} not found")),
            _ => (405, StubRequestManager.ErrorJson(405, "Method Not Allowed")),
        };
    }

    private static (int, string) Progress(Row? row, ReadOnlySpan<byte> body)
    {
        var finished = (int)JsonNode.Parse(body)!["finishedJobs"]!;
        if (row is { State: Running })
        {
            row.FinishedJobs = finished;
            row.Progress.Enqueue((finished, TimeProvider.System.GetUtcNow()));
        }

        return (200, "");
    }

    private static (int, string) Finish(Row row, ReadOnlySpan<byte> body)
    {
        var end = JsonSerializer.Deserialize<JsonObject>(body)!;
        lock (row)
        {
            if (row.State != Running)
            {
                return (500, StubRequestManager.ErrorJson(500, $"request in state {Names[row.State]}, expected state RUNNING"));
            }

            _ = (DateTimeOffset)end["finishedAt"]!;
            row.FinishedJobs = (int)end["finishedJobs"]!;
            row.State = (int)end["state"]!;
            return (200, "");
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri url, string body)
    {
        using var request = new HttpRequestMessage(method, url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await _http.SendAsync(request);
    }

    private sealed class Row
    {
        public volatile int State = Pending;

        public int FinishedJobs { get; set; }

        public Uri? JobRunner { get; set; }

        public ConcurrentQueue<(int, DateTimeOffset)> Progress { get; } = new();
    }
}
