using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using Microsoft.AspNetCore.Http;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class HttpFailureTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stop_ends_the_request_whether_or_not_the_answer_began(bool begun)
    {
        var arrived = new TaskCompletionSource();
        await using var server = await TestServer.StartAsync(async http =>
        {
            if (begun)
            {
                await http.Response.WriteAsync("part");
                await http.Response.Body.FlushAsync();
            }

            arrived.SetResult();
            await HangAsync(http.RequestAborted);
        });
        using var stop = new CancellationTokenSource();
        await using var worker = new TestWorker();

        var run = worker.Start("http-request", $$"""{"url": "{{server.Address}}"}""", stop.Token);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        if (begun)
        {
            await Eventually.HoldsAsync(
                "the answer is read", () => run.Context.Status.StartsWith("reading the answer 200", StringComparison.Ordinal));
        }

        await stop.CancelAsync();
        var result = await run.Result.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Stopped, result.State);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_that_takes_too_long_fails_and_names_the_setting(bool begun)
    {
        await using var server = await TestServer.StartAsync(async http =>
        {
            if (begun)
            {
                await http.Response.WriteAsync("part");
                await http.Response.Body.FlushAsync();
            }

            await HangAsync(http.RequestAborted);
        });

        var result = await RunAsync(new JsonObject { ["url"] = $"{server.Address}/slow" }, ("Http:Timeout", "00:00:00.5"));

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal(
            $"GET {server.Address}/*** was not answered in full within 500ms (JobRunner__Jobs__Http__Timeout)", result.Error);
        Assert.Equal(begun ? "part" : "", result.Stdout);
    }

    [Fact]
    public async Task A_refused_connection_fails_with_a_clear_error()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();

        var result = await RunAsync(new JsonObject { ["url"] = $"http://user:secret@127.0.0.1:{port}/" });

        Assert.Equal(JobState.Fail, result.State);
        Assert.StartsWith($"GET http://127.0.0.1:{port}/ failed: Connection refused", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_cut_off_in_the_body_fails()
    {
        await using var server = await TestServer.StartAsync(async http =>
        {
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("part");
            await http.Response.Body.FlushAsync();
            http.Abort();
        });

        var result = await RunAsync(new JsonObject { ["url"] = server.Address });

        Assert.Equal(JobState.Fail, result.State);
        Assert.StartsWith($"GET {server.Address}/ failed: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "the bytes of the http-request job are empty")]
    [InlineData("{}", "no \"url\"")]
    [InlineData("null", "no \"url\"")]
    [InlineData("""{"url": 5}""", "at $.url")]
    [InlineData("""{"url": "/relative"}""", "http:// or https://")]
    [InlineData("""{"url": "ftp://host/"}""", "http:// or https://")]
    [InlineData("""{"url": "file:///etc/passwd"}""", "http:// or https://")]
    [InlineData("""{"url": "http://user:secret@"}""", "http:// or https://")]
    [InlineData("""{"url": "http://h/", "method": "GE T"}""", "\"GE T\"")]
    [InlineData("""{"url": "http://h/", "method": "GET\r\nX: y"}""", "\"method\"")]
    [InlineData("""{"url": "http://h/", "headers": {"a b": "c"}}""", "\"a b\"")]
    [InlineData("""{"url": "http://h/", "headers": {"a": "secret\r\nX: y"}}""", "\"a\" holds a line break")]
    [InlineData("""{"url": "http://h/", "headers": ["a"]}""", "at $.headers")]
    [InlineData("""{"url": "http://h/", "body": {"a": 1}}""", "at $.body")]
    [InlineData("""{"url": "http://h/", "expectedStatuses": [0]}""", "hold 0;")]
    [InlineData("""{"url": "http://h/", "expectedStatuses": [200, 600]}""", "hold 600;")]
    [InlineData("""{"url": "http://h/", "expectedStatuses": ["200"]}""", "at $.expectedStatuses[0]")]
    public async Task Bytes_that_make_no_sense_are_refused(string? bytes, string message)
    {
        await using var worker = new TestWorker();
        var error = Assert.Throws<FormatException>(() => worker.Make("http-request", bytes));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    private static async Task<JobResult> RunAsync(JsonObject bytes, params (string Name, string Value)[] settings)
    {
        await using var worker = new TestWorker(null, settings);
        return await worker.RunAsync("http-request", bytes.ToJsonString(), TestContext.Current.CancellationToken);
    }

    private static Task HangAsync(CancellationToken cancellationToken) =>
        Task.Delay(Timeout.Infinite, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
}
