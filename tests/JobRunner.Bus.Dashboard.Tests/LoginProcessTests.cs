using System.Net;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>The program <c>jobrunner dashboard</c>, where others than people on its machine may look.</summary>
public sealed class LoginProcessTests(Browser browser)
{
    [Fact]
    public async Task It_listens_where_it_is_told_and_a_proxy_may_speak_https_before_it()
    {
        using var file = new TokenFile();
        var port = RabbitMqNode.FreePort();
        await using var process = await StartAsync(port, "--listen", "*", "--token-file", file.Path);
        Assert.Contains("the token can be read on its way", process.Output, StringComparison.Ordinal);
        using var guest = new Guest(new Uri($"http://127.0.0.1:{port}/"), new ProxyHeaders());
        using var answer = await guest.LogInAsync(query: "?return=/workers");
        Assert.Equal("/workers", answer.Headers.Location!.OriginalString);
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("jobrunner-dashboard=", StringComparison.Ordinal) && cookie.Contains("; path=/; secure;", StringComparison.Ordinal));
        Assert.DoesNotContain(TokenFile.Token, process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_speaks_https_itself()
    {
        using var file = new TokenFile();
        using var authority = new TestAuthority();
        var (certificate, key) = authority.IssueServerFiles();
        var port = RabbitMqNode.FreePort();
        await using var process = await StartAsync(port, "--listen", "0.0.0.0", "--token-file", file.Path, "--certificate", certificate, "--key", key);
        Assert.Contains($"https://0.0.0.0:{port}", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("on its way", process.Output, StringComparison.Ordinal);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, ServerCertificateCustomValidationCallback = (_, shown, _, _) => authority.Issued(shown!) };
        using var guest = new Guest(new Uri($"https://127.0.0.1:{port}/"), handler);
        using var answer = await guest.LogInAsync();
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.True(await guest.IsInAsync());
        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("jobrunner-dashboard=", StringComparison.Ordinal) && cookie.Contains("; secure", StringComparison.Ordinal));

        await using var visitor = await browser.VisitAsync(new Uri($"https://127.0.0.1:{port}/"));
        await visitor.Page.GotoAsync("workers");
        await visitor.Page.GetByLabel("Token").FillAsync(TokenFile.Token);
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("h1", "Workers");
        await visitor.OpenAsync("jobs");
        Assert.Empty(visitor.Errors);
    }

    private static async Task<WorkerProcess> StartAsync(int port, params string[] arguments)
    {
        var process = WorkerProcess.Start(
            ["dashboard", "--broker", $"amqp://guest:guest@127.0.0.1:{RabbitMqNode.FreePort()}/", "--port", $"{port}", .. arguments], new Dictionary<string, string>());
        await Eventually.HoldsAsync(() => $"the dashboard is served: {process.Output}", () => process.Output.Contains("The dashboard of", StringComparison.Ordinal));
        return process;
    }

    /// <summary>What a proxy makes of a browser's request.</summary>
    private sealed class ProxyHeaders() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false })
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Host = "dashboard.example";
            request.Headers.Add("Origin", "https://dashboard.example");
            request.Headers.Add("X-Forwarded-Proto", "https");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
