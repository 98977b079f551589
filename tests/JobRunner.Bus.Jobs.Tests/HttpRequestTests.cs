using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class HttpRequestTests
{
    [Fact]
    public async Task Method_headers_and_body_are_sent_and_the_answer_is_kept()
    {
        var seen = "";
        await using var server = await TestServer.StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            seen = $"{http.Request.Method} {http.Request.Path}{http.Request.QueryString} {http.Request.ContentType} "
                + $"{http.Request.Headers["X-Token"]} {await reader.ReadToEndAsync()}";
            http.Response.StatusCode = 201;
            http.Response.Headers["X-Answer"] = "42";
            http.Response.Headers.SetCookie = "session=secret-cookie";
            await http.Response.WriteAsync("gré ✓");
        });

        var result = await RunAsync(new JsonObject
        {
            ["method"] = "POST",
            ["url"] = $"{server.Address}/a%20b?q=1",
            ["headers"] = new JsonObject { ["Content-Type"] = "text/plain", ["X-Token"] = "secret-token" },
            ["body"] = "héllo",
            ["expectedStatuses"] = new JsonArray(200, 201),
        });

        Assert.Equal("POST /a%20b?q=1 text/plain secret-token héllo", seen);
        Assert.Equal(JobState.Complete, result.State);
        Assert.Equal(0, result.Exit);
        Assert.Null(result.Error);
        Assert.Equal("gré ✓", result.Stdout);
        Assert.StartsWith("HTTP/1.1 201 Created\n", result.Stderr, StringComparison.Ordinal);
        Assert.Contains("X-Answer: 42\n", result.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-", result.Stderr, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, JobState.Complete)]
    [InlineData(204, JobState.Complete)]
    [InlineData(299, JobState.Complete)]
    [InlineData(304, JobState.Fail)]
    [InlineData(404, JobState.Fail)]
    public async Task Without_expected_statuses_any_2xx_of_a_GET_is_success(int status, JobState state)
    {
        var method = "";
        await using var server = await TestServer.StartAsync(http =>
        {
            (method, http.Response.StatusCode) = (http.Request.Method, status);
            return Task.CompletedTask;
        });

        var result = await RunAsync(new JsonObject { ["url"] = server.Address });

        Assert.Equal("GET", method);
        Assert.Equal(state, result.State);
    }

    [Fact]
    public async Task An_unexpected_status_fails_and_says_what_was_expected()
    {
        await using var server = await TestServer.StartAsync(http =>
        {
            http.Response.StatusCode = 503;
            return http.Response.WriteAsync("overloaded");
        });

        var result = await RunAsync(new JsonObject
        {
            ["method"] = "POST",
            ["url"] = $"{server.Address}/hook?key=secret-key#part",
            ["expectedStatuses"] = new JsonArray(200, 201),
        });

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal(1, result.Exit);
        Assert.Equal($"POST {server.Address}/*** answered 503, expected 200 or 201", result.Error);
        Assert.Equal("overloaded", result.Stdout);
    }

    [Fact]
    public async Task User_and_password_of_the_address_are_sent_but_never_told()
    {
        var authorization = "";
        await using var server = await TestServer.StartAsync(http =>
        {
            (authorization, http.Response.StatusCode) = (http.Request.Headers.Authorization.ToString(), 401);
            return Task.CompletedTask;
        });

        await using var worker = new TestWorker();
        var run = worker.Start(
            "http-request", $$"""{"url": "http://us%40er:pass-word@{{server.Authority}}/x"}""", TestContext.Current.CancellationToken);
        var result = await run.Result;

        Assert.Equal($"Basic {Convert.ToBase64String("us@er:pass-word"u8)}", authorization);
        Assert.Equal($"GET http://{server.Authority}/*** answered 401, expected 2xx", result.Error);
        Assert.Equal($"done with GET http://{server.Authority}/***", run.Context.Status);
        Assert.DoesNotContain("pass-word", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_authorization_header_wins_over_the_address()
    {
        var authorization = "";
        await using var server = await TestServer.StartAsync(http =>
        {
            authorization = http.Request.Headers.Authorization.ToString();
            return Task.CompletedTask;
        });

        await RunAsync(new JsonObject
        {
            ["url"] = $"http://user:pass@{server.Authority}/",
            ["headers"] = new JsonObject { ["authorization"] = "Bearer t" },
        });

        Assert.Equal("Bearer t", authorization);
    }

    [Theory]
    [InlineData(false, JobState.Fail, "")]
    [InlineData(true, JobState.Complete, "arrived")]
    public async Task Redirects_are_followed_only_when_asked_for(bool follow, JobState state, string body)
    {
        await using var server = await TestServer.StartAsync(http =>
        {
            if (http.Request.Path == "/target")
            {
                return http.Response.WriteAsync("arrived");
            }

            http.Response.Redirect("/target");
            return Task.CompletedTask;
        });

        var result = await RunAsync(new JsonObject { ["url"] = server.Address, ["followRedirects"] = follow });

        Assert.Equal(state, result.State);
        Assert.Equal(body, result.Stdout);
    }

    [Fact]
    public async Task Cookies_of_one_job_are_not_sent_by_the_next()
    {
        var cookies = "";
        await using var server = await TestServer.StartAsync(http =>
        {
            cookies += http.Request.Headers.Cookie.ToString();
            http.Response.Headers.SetCookie = "session=1";
            return Task.CompletedTask;
        });

        await using var worker = new TestWorker();
        for (var i = 0; i < 2; i++)
        {
            await worker.RunAsync("http-request", $$"""{"url": "{{server.Address}}"}""", TestContext.Current.CancellationToken);
        }

        Assert.Equal("", cookies);
    }

    [Fact]
    public async Task A_long_body_keeps_head_and_tail()
    {
        await using var server = await TestServer.StartAsync(async http =>
        {
            await http.Response.WriteAsync("FIRST");
            for (var i = 0; i < 100; i++)
            {
                await http.Response.Body.WriteAsync(new byte[10_000]);
            }

            await http.Response.WriteAsync("LAST");
        });

        var result = await RunAsync(new JsonObject { ["url"] = server.Address }, ("Http:MaxBodyBytes", "2000"));

        Assert.Equal(JobState.Complete, result.State);
        Assert.StartsWith("FIRST\0", result.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("\0LAST", result.Stdout, StringComparison.Ordinal);
        Assert.Contains($"\n[... {1_000_009 - 2000} bytes cut ...]\n", result.Stdout, StringComparison.Ordinal);
    }

    private static async Task<JobResult> RunAsync(JsonObject bytes, params (string Name, string Value)[] settings)
    {
        await using var worker = new TestWorker(null, settings);
        return await worker.RunAsync("http-request", bytes.ToJsonString(), TestContext.Current.CancellationToken);
    }
}
