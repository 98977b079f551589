using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>What goes over the wire to a Request Manager, and what never does.</summary>
public sealed class WireTests(Broker broker)
{
    [Fact]
    public async Task A_log_reaches_the_Request_Manager_in_the_very_request_it_takes_with_every_digit()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var body = $$"""
            {"requestId":"{{request}}","jobId":"aB3d","try":32767,"name":"é","type":"t","startedAt":9007199254740993,"finishedAt":9223372036854775807,
            "state":255,"exit":-9223372036854775808,"error":"e","stdout":"a\nb","stderr":""}
            """.ReplaceLineEndings("");

        await stage.Client.SendAsync("job-log-recorded", body[..^1] + ",\"unknown\":1}");

        await Eventually.HoldsAsync("it comes", () => stage.RequestManager.Requests.Count == 1);
        var post = stage.RequestManager.Requests[0];
        Assert.Equal(("POST", $"/api/v1/requests/{request}/log"), (post.Method, post.Target));
        Assert.Equal("application/json", post.Headers["Content-Type"]);
        Assert.Equal(["Content-Length", "Content-Type", "Host"], post.Headers.Keys.Where(name => name is not "traceparent").Order());
        Assert.Equal(body, Encoding.UTF8.GetString(post.Body.Span));
    }

    [Fact]
    public async Task A_body_that_a_Request_Manager_would_store_as_an_empty_row_or_under_another_id_is_not_sent()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        string[] bodies =
        [
            "", "{}", "null", "[]", $$"""{"requestId":"{{request}}"}""", $$"""{"requestId":"{{request}}","jobId":"abc","try":1}""",
            """{"requestId":"short","jobId":"abcd","try":1}""", LogFeed.Body(request, "abcd").Replace("\"try\":1", "\"try\":32768", StringComparison.Ordinal),
        ];

        foreach (var body in bodies)
        {
            await stage.Client.SendAsync("job-log-recorded", body);
        }

        await Eventually.HoldsAsync("all rest", async () => await stage.Client.CountAsync("job-log-recorded_error") == bodies.Length);
        Assert.Empty(stage.RequestManager.Requests);
        for (var rest = 0; rest < bodies.Length; rest++)
        {
            Assert.NotEqual("", (await stage.Client.GetAsync("job-log-recorded_error"))!.Header("MT-Fault-Message"));
        }
    }
}
