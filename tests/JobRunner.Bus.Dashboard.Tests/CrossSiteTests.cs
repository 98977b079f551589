using System.Net;
using System.Net.WebSockets;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>What pages of other sites ask in a visitor's browser, sent as the browser would.</summary>
public sealed class CrossSiteTests
{
    private static readonly (HttpMethod Method, string Path)[] Asked =
    [
        (HttpMethod.Post, "jobrunner/_blazor/negotiate?negotiateVersion=1"),
        (HttpMethod.Get, "jobrunner/_blazor?id=any"),
        (HttpMethod.Post, "jobrunner/errors"),
        (HttpMethod.Get, "jobrunner/errors"),
        (HttpMethod.Get, "jobrunner/assets/dashboard.css"),
    ];

    [Theory]
    [InlineData("http://stranger.example", null)]
    [InlineData("http://127.0.0.1:1", null)]
    [InlineData("https://127.0.0.1:PORT", null)]
    [InlineData("http://127.0.0.1:PORT.stranger.example", null)]
    [InlineData("null", null)]
    [InlineData(null, "cross-site")]
    public async Task What_another_sites_page_asks_is_refused(string? origin, string? site)
    {
        await using var host = await OwnHost.StartAsync(options: new DashboardOptions { AllowActions = true });
        foreach (var (method, path) in Asked)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, method, path, Named(host, origin), site));
        }
    }

    [Fact]
    public async Task The_dashboards_own_pages_and_programs_are_answered()
    {
        await using var host = await OwnHost.StartAsync();
        foreach (var origin in new[] { null, Named(host, "http://127.0.0.1:PORT") })
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, HttpMethod.Post, "jobrunner/_blazor/negotiate?negotiateVersion=1", origin, null));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, HttpMethod.Get, "jobrunner/assets/dashboard.css", origin, "same-origin"));
        }
    }

    [Fact]
    public async Task A_link_from_elsewhere_opens_a_page_and_nothing_else()
    {
        await using var host = await OwnHost.StartAsync();

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(host, HttpMethod.Get, "jobrunner/workers", null, "cross-site", "navigate"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, HttpMethod.Post, "jobrunner/workers", "http://stranger.example", "cross-site", "navigate"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(host, HttpMethod.Get, "jobrunner/_blazor?id=any", null, "cross-site", "navigate"));
    }

    [Theory]
    [InlineData("http://127.0.0.1:PORT", HttpStatusCode.SwitchingProtocols)]
    [InlineData("http://stranger.example", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:PORT", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    public async Task A_web_socket_is_opened_by_the_dashboards_own_pages_alone(string origin, HttpStatusCode expected)
    {
        await using var host = await OwnHost.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", Named(host, origin));
        socket.Options.CollectHttpResponseDetails = true;
        var address = new UriBuilder(host.Client.BaseAddress!) { Scheme = "ws", Path = "/jobrunner/_blazor" }.Uri;
        try
        {
            await socket.ConnectAsync(address, TestContext.Current.CancellationToken);
        }
        catch (WebSocketException)
        {
            // The status says why.
        }

        Assert.Equal(expected, socket.HttpStatusCode);
    }

    private static string? Named(OwnHost host, string? origin) => origin?.Replace("PORT", $"{host.Client.BaseAddress!.Port}", StringComparison.Ordinal);

    private static async Task<HttpStatusCode> StatusAsync(OwnHost host, HttpMethod method, string path, string? origin, string? site, string mode = "cors")
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        if (site is not null)
        {
            request.Headers.Add("Sec-Fetch-Site", site);
            request.Headers.Add("Sec-Fetch-Mode", mode);
        }

        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }
}
