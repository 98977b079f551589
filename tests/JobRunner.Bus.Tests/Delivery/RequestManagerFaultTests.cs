using System.Net;
using System.Net.Sockets;
using System.Text;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class RequestManagerFaultTests : IAsyncLifetime
{
    private StubRequestManager _rm = null!;
    private Delivery _delivery = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _rm = await StubRequestManager.StartAsync();
        _delivery = Delivery.To(_rm, ("JobRunner__RequestManager__AttemptTimeout", "00:00:02"));
    }

    public async ValueTask DisposeAsync()
    {
        await _delivery.DisposeAsync();
        await _rm.DisposeAsync();
    }

    [Theory]
    [InlineData(400, "code=400, message=Syntax error")]
    [InlineData(404, "Not Found")]
    [InlineData(405, "Method Not Allowed")]
    [InlineData(413, "Request Entity Too Large")]
    [InlineData(415, "Unsupported Media Type")]
    [InlineData(500, "Error 1264: Out of range value for column 'exit' at row 1")]
    [InlineData(500, "Error 1366: Incorrect string value")]
    [InlineData(500, "Error 1406: Data too long for column 'error' at row 1")]
    [InlineData(500, "Error 1105: longer than 'max_allowed_packet' bytes")]
    public async Task A_permanent_answer_is_asked_for_once_and_comes_with_its_words(int status, string words)
    {
        _rm.Always = StubAnswer.Error(status, words);

        var error = await Assert.ThrowsAsync<PermanentDeliveryException>(() => _delivery.Store.PutAsync(Log(), Ct));

        Assert.Equal((status, words), (error.Status, error.Answer));
        Assert.Contains($"request \"{RequestId}\", job \"{JobId}\", try 1 with {status} \"{words}\"", error.Message, StringComparison.Ordinal);
        Assert.Single(_rm.Requests);
    }

    [Theory]
    [InlineData(500, "dial tcp 127.0.0.1:3306: connect: connection refused")]
    [InlineData(500, "invalid connection")]
    [InlineData(501, "")]
    [InlineData(502, "")]
    [InlineData(503, "Service Unavailable")]
    [InlineData(401, "Unauthorized")]
    [InlineData(403, "Forbidden")]
    [InlineData(408, "")]
    [InlineData(429, "slow down")]
    [InlineData(200, "not a Request Manager")]
    public async Task A_retryable_answer_is_told_with_its_words(int status, string words)
    {
        _rm.Always = StubAnswer.Own(status, words);

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(), Ct));

        Assert.Equal((status, words, null), (error.Status, error.Answer, error.RetryAfter));
        Assert.Single(_rm.Requests);
    }

    [Fact]
    public async Task A_log_that_was_stored_without_an_answer_is_there_already_at_the_next_attempt()
    {
        _rm.Answer(StubAnswer.StoreAndClose);
        await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(1), Ct));
        Assert.Equal(DeliveryOutcome.AlreadyThere, await _delivery.Store.PutAsync(Log(1), Ct));

        _rm.Answer(StubAnswer.StoreAndHang);
        await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(2), Ct));
        Assert.Equal(DeliveryOutcome.AlreadyThere, await _delivery.Store.PutAsync(Log(2), Ct));

        Assert.Equal([Log(1), Log(2)], _rm.Rows);
    }

    [Fact]
    public async Task A_Request_Manager_that_is_down_refuses_and_is_found_again_when_it_is_back()
    {
        await _delivery.Store.PutAsync(Log(1), Ct);
        await _rm.GoDownAsync();

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(2), Ct));

        Assert.Null(error.Status);
        Assert.Contains(_rm.BaseUrl, error.Message, StringComparison.Ordinal);
        Assert.Contains("refused", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.True(error.StoreIsDown);
        await _rm.ComeUpAsync();
        Assert.Equal(DeliveryOutcome.Stored, await _delivery.Store.PutAsync(Log(2), Ct));
        Assert.Equal([Log(1), Log(2)], _rm.Rows);
    }

    [Fact]
    public async Task A_Request_Manager_that_hangs_is_given_the_timeout_per_attempt()
    {
        _rm.Always = StubAnswer.Hang;
        await using var delivery = Delivery.To(_rm, ("JobRunner__RequestManager__AttemptTimeout", "00:00:00.500"));

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => delivery.Store.PutAsync(Log(), Ct));

        Assert.Contains("no answer within 00:00:00.5000000 (JobRunner__RequestManager__AttemptTimeout)", error.Message, StringComparison.Ordinal);
        Assert.Single(_rm.Requests);
    }

    [Fact]
    public async Task The_callers_cancellation_is_no_delivery_failure()
    {
        _rm.Always = StubAnswer.Hang;
        using var stop = new CancellationTokenSource();
        var put = _delivery.Store.PutAsync(Log(), stop.Token);
        await _rm.WaitForRequestsAsync(1);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);
        Assert.Single(_rm.Requests);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_and_says_where_it_points()
    {
        _rm.Always = StubAnswer.Of(302, "", headers: ("Location", "https://login.example.com/"));

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(), Ct));

        Assert.Contains("JobRunner__RequestManager__BaseUrl points elsewhere", error.Message, StringComparison.Ordinal);
        Assert.Equal("Location: https://login.example.com/", error.Answer);
        Assert.Single(_rm.Requests);
    }

    [Fact]
    public async Task A_huge_error_page_is_read_and_told_in_part()
    {
        _rm.Always = StubAnswer.Own(400, new string('x', 10_000_000));

        var error = await Assert.ThrowsAsync<PermanentDeliveryException>(() => _delivery.Store.PutAsync(Log(), Ct));

        Assert.InRange(error.Answer.Length, 900, 1024);
        Assert.InRange(error.Message.Length, 900, 1500);
    }

    [Fact]
    public async Task The_echo_of_a_201_is_not_waited_for()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        await using var delivery = new Delivery(
            null, ("JobRunner__RequestManager__BaseUrl", $"http://{silent.LocalEndpoint}"), ("JobRunner__RequestManager__Attempts", "1"));
        var put = delivery.Store.PutAsync(Log(), Ct);
        using var connection = await silent.AcceptTcpClientAsync(Ct).AsTask().WaitAsync(TimeSpan.FromSeconds(5), Ct);

        // Says that 16 MB follow, and sends none of them.
        await connection.GetStream().WriteAsync("HTTP/1.1 201 Created\r\nX-Spincycle-Version: 2.1.1\r\nContent-Length: 16777216\r\n\r\n"u8.ToArray(), Ct);

        Assert.Equal(DeliveryOutcome.Stored, await put.WaitAsync(TimeSpan.FromSeconds(5), Ct));
    }

    [Fact]
    public async Task A_big_echo_costs_a_connection_and_a_small_one_none()
    {
        for (var @try = 1; @try <= 10; @try++)
        {
            await _delivery.Store.PutAsync(Log(@try), Ct);
        }

        // An answer is drained in the background: now and then the next request is faster.
        var small = _rm.Requests.Select(request => request.Connection).Distinct().Count();
        Assert.InRange(small, 1, 4);

        _rm.Always = StubAnswer.Own(201, new string('x', 16 * 1024 * 1024));
        for (var @try = 11; @try <= 15; @try++)
        {
            Assert.Equal(DeliveryOutcome.Stored, await _delivery.Store.PutAsync(Log(@try), Ct));
        }

        Assert.Equal(5, _rm.Requests.Skip(10).Select(request => request.Connection).Distinct().Count());
    }

    [Fact]
    public async Task A_Retry_After_is_handed_on()
    {
        _rm.Always = StubAnswer.Of(503, "", headers: ("Retry-After", "120"));

        var error = await Assert.ThrowsAsync<RetryableDeliveryException>(() => _delivery.Store.PutAsync(Log(), Ct));

        Assert.Equal(TimeSpan.FromMinutes(2), error.RetryAfter);
        Assert.Single(_rm.Requests);
    }

    [Fact]
    public async Task A_server_that_closes_its_port_in_the_moment_of_a_request_is_an_outage_however_HttpClient_says_it()
    {
        for (var round = 0; round < 100; round++)
        {
            using var closing = new TcpListener(IPAddress.Loopback, 0);
            closing.Start(1);
            await using var delivery = new Delivery(null, ("JobRunner__RequestManager__BaseUrl", $"http://{closing.LocalEndpoint}"));
            var puts = Enumerable.Range(1, 4).Select(number => delivery.Store.PutAsync(Log(number), Ct)).ToList();
            closing.Stop();

            foreach (var put in puts)
            {
                await Assert.ThrowsAsync<RetryableDeliveryException>(() => put.WaitAsync(TimeSpan.FromSeconds(10), Ct));
            }
        }
    }

    [Fact]
    public void Whatever_an_answer_holds_it_is_understood_and_stored_means_proved()
    {
        var seed = Environment.GetEnvironmentVariable("JOBRUNNER_TEST_SEED") is { Length: > 0 } given ? int.Parse(given, System.Globalization.CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper!.WriteLine($"JOBRUNNER_TEST_SEED={seed}");
        var random = new Random(seed);
        byte[][] seeds =
        [
            JobRunner.Bus.Contracts.Wire.Serialize(Log()), Encoding.UTF8.GetBytes(StubRequestManager.ErrorJson(500, "Error 1062: Duplicate entry")),
            "Error 1105: longer than 'max_allowed_packet' bytes"u8.ToArray(), "<html>502</html>"u8.ToArray(), """{"message":"\ud800","\ud800x":[1,{}]}"""u8.ToArray(), [],
        ];
        int[] statuses = [101, 200, 201, 204, 301, 400, 401, 404, 429, 500, 503, 599];
        for (var round = 0; round < 100_000; round++)
        {
            var body = Mutated(seeds[random.Next(seeds.Length)], random);
            var status = statuses[random.Next(statuses.Length)];
            var hasVersion = random.Next(2) == 0;

            var answer = Bus.Delivery.RequestManager.RequestManagerAnswer.Of(Log(), status, hasVersion, body);

            Assert.True(Encoding.UTF8.GetByteCount(answer.ToString()) < 2_000);
            Assert.True(
                answer.Kind != Bus.Delivery.RequestManager.AnswerKind.Stored || (status == 201 && (hasVersion || Encoding.UTF8.GetString(body).Contains(RequestId, StringComparison.Ordinal))),
                $"round {round}: {answer}");
            Assert.True(answer.Kind != Bus.Delivery.RequestManager.AnswerKind.Permanent || hasVersion, $"round {round}: {answer}");
        }
    }

    private static byte[] Mutated(byte[] bytes, Random random)
    {
        var mutated = bytes.ToList();
        for (var change = random.Next(6); change > 0 && mutated.Count > 0; change--)
        {
            var at = random.Next(mutated.Count);
            switch (random.Next(4))
            {
                case 0:
                    mutated[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mutated.RemoveRange(at, Math.Min(random.Next(20), mutated.Count - at));
                    break;
                case 2:
                    mutated.InsertRange(at, mutated[..Math.Min(mutated.Count, random.Next(40))]);
                    break;
                default:
                    mutated.RemoveRange(at, mutated.Count - at);
                    break;
            }
        }

        return [.. mutated];
    }
}
