using System.Text;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.TestKit;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class RequestManagerClientTests : IAsyncLifetime
{
    private StubRequestManager _rm = null!;
    private Delivery _delivery = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _rm = await StubRequestManager.StartAsync();
        _delivery = Delivery.To(_rm);
    }

    public async ValueTask DisposeAsync()
    {
        await _delivery.DisposeAsync();
        await _rm.DisposeAsync();
    }

    [Fact]
    public async Task The_request_is_exactly_what_the_Request_Manager_takes()
    {
        var log = Log() with { Unknown = new Dictionary<string, JsonElement> { ["worker"] = JsonElement.Parse("\"w1\"") } };

        Assert.Equal(DeliveryOutcome.Stored, await _delivery.Store.PutAsync(log, Ct));

        var request = Assert.Single(_rm.Requests);
        Assert.Equal(("POST", $"/api/v1/requests/{RequestId}/log"), (request.Method, request.Target));
        Assert.Equal("application/json", request.Headers["Content-Type"]);
        Assert.Equal($"{request.Body.Length}", request.Headers["Content-Length"]);
        Assert.Equal(["Content-Length", "Content-Type", "Host"], request.Headers.Keys.Where(name => name is not "traceparent").Order());
        Assert.Equal(
            """
            {"requestId":"c0ffee0000000000abcd","jobId":"9vKx","try":1,"name":"stop-host","type":"shell-command",
            "startedAt":1753000000123456789,"finishedAt":1753000001987654321,"state":4,"exit":-9007199254740993,
            "error":"exit status 1","stdout":"línea \"1\"\n","stderr":""}
            """.ReplaceLineEndings(""),
            Encoding.UTF8.GetString(request.Body.Span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/behind/a/proxy")]
    [InlineData("/behind/a/proxy/")]
    public async Task A_BaseUrl_may_have_a_path_and_a_trailing_slash(string path)
    {
        await using var rm = await StubRequestManager.StartAsync(path.TrimEnd('/'));
        await using var delivery = Delivery.To(rm, ("JobRunner__RequestManager__BaseUrl", rm.BaseUrl + (path.EndsWith('/') ? "/" : "")));

        await delivery.Store.PutAsync(Log(), Ct);

        Assert.Equal($"{path.TrimEnd('/')}/api/v1/requests/{RequestId}/log", Assert.Single(rm.Requests).Target);
    }

    [Fact]
    public async Task A_request_id_is_escaped_in_the_path()
    {
        await using var delivery = Delivery.To(_rm, ("JobRunner__RequestManager__StrictIds", "false"));

        await delivery.Store.PutAsync(Log(requestId: "a/b?c#d é%2F"), Ct);

        Assert.Equal("/api/v1/requests/a%2Fb%3Fc%23d%20%C3%A9%252F/log", Assert.Single(_rm.Requests).Target);
    }

    [Fact]
    public async Task A_log_that_is_there_already_counts_as_delivered_and_the_first_one_stays()
    {
        await _delivery.Store.PutAsync(Log(), Ct);

        Assert.Equal(DeliveryOutcome.AlreadyThere, await _delivery.Store.PutAsync(Log() with { Error = "another" }, Ct));

        Assert.Equal(2, _rm.Requests.Count);
        Assert.Equal("exit status 1", Assert.Single(_rm.Rows).Error);
    }

    [Fact]
    public async Task A_log_the_Request_Manager_can_never_keep_is_not_sent()
    {
        var refusal = await Assert.ThrowsAsync<PermanentDeliveryException>(() => _delivery.Store.PutAsync(new JobLogRecorded(), Ct));

        Assert.Contains("requestId is empty; jobId is empty", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(_rm.Requests);
    }

    [Fact]
    public async Task A_log_too_big_for_the_table_is_cut_told_and_stored()
    {
        await using var delivery = Delivery.To(_rm, ("JobRunner__RequestManager__MaxStreamBytes", "1024"));

        await delivery.Store.PutAsync(Log() with { Name = new string('n', 200), Stdout = new string('o', 5000) + '\ud800' }, Ct);

        var row = Assert.Single(_rm.Rows);
        Assert.EndsWith(" bytes]", row.Name, StringComparison.Ordinal);
        Assert.EndsWith("ooo\ufffd", row.Stdout, StringComparison.Ordinal);
        Assert.Contains(
            delivery.LogLines.GetSnapshot(),
            line => line.Id.Id == 3000 && line.Message.EndsWith("name, stdout cut", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NUL_and_lone_surrogates_reach_the_table()
    {
        await _delivery.Store.PutAsync(Log() with { Stdout = "a\0b\ud800c" }, Ct);

        Assert.Equal("a\0b\ufffdc", Assert.Single(_rm.Rows).Stdout);
    }

    [Fact]
    public async Task Logs_are_read_back_in_order()
    {
        Assert.Empty(await _delivery.Reader.GetAsync(RequestId, Ct));
        var logs = new[] { Log(1), Log(2) with { StartedAt = Log().StartedAt + 1 }, Log(1, jobId: "zzzz") };
        foreach (var log in logs.Reverse())
        {
            await _delivery.Store.PutAsync(log, Ct);
        }

        Assert.Equal([logs[0], logs[2], logs[1]], await _delivery.Reader.GetAsync(RequestId, Ct));
    }

    [Fact]
    public async Task Reading_is_tried_again_too()
    {
        await _delivery.Store.PutAsync(Log(), Ct);
        _rm.Answer(StubAnswer.Close, StubAnswer.Error(500, "invalid connection"));

        Assert.Equal([Log()], await _delivery.Reader.GetAsync(RequestId, Ct));
        Assert.Equal(4, _rm.Requests.Count);
    }

    [Fact]
    public async Task An_answer_to_a_question_that_is_no_list_of_logs_is_told()
    {
        _rm.Answer(StubAnswer.Of(200, "<html>"));

        var error = await Assert.ThrowsAsync<PermanentDeliveryException>(() => _delivery.Reader.GetAsync(RequestId, Ct));

        Assert.Contains(_rm.BaseUrl, error.Message, StringComparison.Ordinal);
        Assert.Equal(200, error.Status);
    }
}
