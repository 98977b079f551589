using System.Collections.Concurrent;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>
/// Every answer that the real Request Manager was seen to give, at random. <c>JOBRUNNER_TEST_LOGS</c> sets the number of logs,
/// <c>JOBRUNNER_TEST_SEED</c> repeats a run.
/// </summary>
public sealed class AnswerTableTests(Broker broker)
{
    // What a log can meet several times before it is taken.
    private static readonly StubAnswer[] Passing =
    [
        StubAnswer.Error(500, "dial tcp 127.0.0.1:3306: connect: connection refused"),
        StubAnswer.Error(500, "invalid connection"),
        StubAnswer.Error(500, "something nobody has seen yet"),
        StubAnswer.StoreAndClose,
        StubAnswer.Close,
        StubAnswer.StoreAndHang,
        StubAnswer.Hang,
        StubAnswer.Own(401, "Unauthorized"),
        StubAnswer.Own(403, "Forbidden"),
        StubAnswer.Own(408, ""),
        StubAnswer.Own(429, ""),
        StubAnswer.Error(500, "Error 1105: vttablet: unavailable"),
        StubAnswer.Of(404, "<html>no such service</html>"),
        StubAnswer.Of(308, ""),
        StubAnswer.Of(201, "<html>created</html>"),
        StubAnswer.Of(400, "a proxy's"),
        StubAnswer.Of(502, "<html>Bad Gateway</html>"),
        StubAnswer.Of(503, ""),
        StubAnswer.Of(200, "somebody else"),
    ];

    // What is said of a log for good.
    private static readonly (int Status, string Words)[] Final =
    [
        (400, "code=400, message=Syntax error"),
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (413, "Request Entity Too Large"),
        (415, "Unsupported Media Type"),
        (500, "Error 1264: Out of range value for column 'exit' at row 1"),
        (500, "Error 1366: Incorrect string value"),
        (500, "Error 1406: Data too long for column 'name' at row 1"),
        (500, "Error 1105: Parameter is longer than 'max_allowed_packet' bytes"),
    ];

    [Fact]
    public async Task Whatever_the_Request_Manager_answers_each_log_is_there_once_or_in_the_error_queue_with_its_words()
    {
        var count = Scale.Of("JOBRUNNER_TEST_LOGS", 2_000);
        var seed = Scale.Of("JOBRUNNER_TEST_SEED", Random.Shared.Next());
        TestContext.Current.TestOutputHelper!.WriteLine($"JOBRUNNER_TEST_SEED={seed} JOBRUNNER_TEST_LOGS={count}");
        await using var stage = await Stage.SetAsync(broker, new()
        {
            ["JobRunner__Report__RedeliverAfter"] = "100ms,300ms,1s",
            ["JobRunner__RequestManager__AttemptDelay"] = "5ms",
            ["JobRunner__RequestManager__AttemptTimeout"] = "200ms",
            ["Logging__LogLevel__JobRunner.Bus.Delivery"] = "Error",
        });
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        var calls = new ConcurrentDictionary<string, int>();
        stage.RequestManager.Records = false;
        stage.RequestManager.Decide = call => Fate(seed, LogFeed.JobIdIn(call.Body.Span), calls);

        await feed.SendAsync(count, (request, job) => Fields(seed, request, job));

        var final = feed.JobIds.Where(job => FinalAnswer(seed, job) is not null).ToDictionary(job => job, job => FinalAnswer(seed, job)!.Value);
        var stored = feed.JobIds.Where(job => !final.ContainsKey(job)).ToList();
        await Eventually.HoldsAsync(
            () => $"all logs but those refused; {stage.RequestManager.Rows.Count} of {stored.Count} came",
            () => stage.RequestManager.Rows.Count >= stored.Count, TimeSpan.FromSeconds(60 + (count / 40)));
        var refused = await RestAsync(stage, final.Count);
        Assert.Equal(stored.Order(StringComparer.Ordinal), stage.RequestManager.Rows.Select(row => row.JobId).Order(StringComparer.Ordinal));
        Assert.All(stage.RequestManager.Rows, row => Assert.Equal((feed.RequestId, 1L, 1753000000123456789), (row.RequestId, row.Try, row.StartedAt)));
        Assert.Equal(final.Keys.Order(StringComparer.Ordinal), refused.Keys.Order(StringComparer.Ordinal));
        Assert.All(refused, kept => Assert.Contains($"with {final[kept.Key].Status} \"{final[kept.Key].Words}\"", kept.Value));
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded"));
    }

    private static StubAnswer? Fate(int seed, string jobId, ConcurrentDictionary<string, int> calls)
    {
        if (FinalAnswer(seed, jobId) is var (status, words))
        {
            return StubAnswer.Error(status, words);
        }

        var draw = Draw(seed, jobId, calls.AddOrUpdate(jobId, 1, (_, before) => before + 1));
        return draw.Next(100) switch
        {
            0 => StubAnswer.Of(503, "", headers: ("Retry-After", "1")),
            < 50 => Passing[draw.Next(Passing.Length)],
            _ => null,
        };
    }

    private static (int Status, string Words)? FinalAnswer(int seed, string jobId)
    {
        var draw = Draw(seed, jobId, 0);
        return draw.Next(100) < 5 ? Final[draw.Next(Final.Length)] : null;
    }

    // Bodies that need mending on the way: what does not fit is cut, what is no UTF-8 becomes U+FFFD.
    private static string Fields(int seed, string request, string job) => Draw(seed, job, -1).Next(10) switch
    {
        0 => LogFeed.Body(request, job).Replace("\"name\":\"n\"", $"\"name\":\"{new string('n', 300)}\"", StringComparison.Ordinal),
        1 => LogFeed.Body(request, job).Replace("\"stdout\":\"\"", "\"stdout\":\"a\\u0000b\"", StringComparison.Ordinal),
        2 => LogFeed.Body(request, job, ",\"worker\":\"w1\""),
        _ => LogFeed.Body(request, job),
    };

    // The same for the same log, whatever the order in which logs come.
    private static Random Draw(int seed, string jobId, int round) =>
        new(jobId.Aggregate(unchecked((seed * 31) + round), (hash, character) => unchecked((hash * 1_000_003) ^ character)));

    private static async Task<Dictionary<string, string>> RestAsync(Stage stage, int count)
    {
        Dictionary<string, string> kept = new(StringComparer.Ordinal);
        await Eventually.HoldsAsync(
            () => $"{count} logs in the error queue; {kept.Count} are",
            async () =>
            {
                while (await stage.Client.GetAsync("job-log-recorded_error") is { } message)
                {
                    kept.Add(LogFeed.JobIdIn(System.Text.Encoding.UTF8.GetBytes(message.Body)), message.Header("MT-Fault-Message"));
                }

                return kept.Count >= count;
            });
        return kept;
    }
}
