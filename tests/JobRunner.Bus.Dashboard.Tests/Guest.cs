using System.Net;
using System.Text.RegularExpressions;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Somebody with a browser of the simplest kind: cookies, no script, and it follows nothing by itself.</summary>
internal sealed partial class Guest : IDisposable
{
    private readonly HttpClient _client;

    public Guest(Uri dashboard, HttpMessageHandler? handler = null) => _client = new HttpClient(handler ?? new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = dashboard };

    public CookieContainer Cookies { get; } = new();

    /// <summary>At the dashboard of a host.</summary>
    public static Guest Of(OwnHost host) => new(new Uri(host.Client.BaseAddress!, "jobrunner/"));

    /// <summary>The cookie of its log-in.</summary>
    public Cookie? Pass => Cookies.GetAllCookies().SingleOrDefault(cookie => cookie.Name == "jobrunner-dashboard");

    public Task<HttpResponseMessage> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content = null, CancellationToken cancellation = default) =>
        _client.SendAsync(new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content }, cancellation);

    /// <summary>Sends a form of a page, with what the page hid in it.</summary>
    public async Task<HttpResponseMessage> PostFormAsync(string page, string form, IReadOnlyDictionary<string, string>? fields = null, CancellationToken cancellation = default)
    {
        using var shown = await GetAsync(page);
        var hidden = Hidden().Match(await shown.Content.ReadAsStringAsync(cancellation));
        Assert.True(hidden.Success, $"{page} has a form");
        var all = new Dictionary<string, string>(fields ?? new Dictionary<string, string>()) { ["__RequestVerificationToken"] = hidden.Groups[1].Value };
        return await SendAsync(HttpMethod.Post, form, new FormUrlEncodedContent(all), cancellation);
    }

    /// <summary>Gives a token to the log-in page.</summary>
    public Task<HttpResponseMessage> LogInAsync(string token = TokenFile.Token, string query = "", CancellationToken cancellation = default) =>
        PostFormAsync($"login{query}", $"login{query}", new Dictionary<string, string> { ["token"] = token }, cancellation);

    /// <summary>Whether it is let in.</summary>
    public async Task<bool> IsInAsync()
    {
        using var answer = await GetAsync("workers");
        return answer.StatusCode == HttpStatusCode.OK;
    }

    public void Dispose() => _client.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Hidden();
}
