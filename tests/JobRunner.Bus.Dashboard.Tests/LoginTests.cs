using System.Net;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Logging in by a token, as seen on the wire.</summary>
public sealed class LoginTests
{
    private static readonly string[] Pages = ["", "jobs", "jobs?find=a%20b", "requests/r1", "chains", "errors", "workers", "broker", "not-found", "nothing", "login/", "_framework/blazor.web.js"];

    private static readonly (HttpMethod Method, string Path)[] Others =
    [
        (HttpMethod.Post, "_blazor/negotiate?negotiateVersion=1"),
        (HttpMethod.Get, "_blazor?id=any"),
        (HttpMethod.Get, "_blazor/initializers"),
        (HttpMethod.Post, "_blazor/disconnect"),
        (HttpMethod.Get, "assets/blazor.web.js"),
        (HttpMethod.Get, "assets/nothing"),
        (HttpMethod.Post, "assets/dashboard.css"),
        (HttpMethod.Post, "errors"),
        (HttpMethod.Post, "logout"),
        (HttpMethod.Put, "login"),
        (HttpMethod.Head, "jobs"),
    ];

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("192.0.2.7")]
    public async Task Without_a_log_in_pages_lead_to_the_log_in_page_and_nothing_else_is_answered(string from)
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(from, options: file.Options);
        using var guest = Guest.Of(host);
        foreach (var page in Pages)
        {
            using var answer = await guest.GetAsync(page);
            Assert.Equal((page, HttpStatusCode.Redirect), (page, answer.StatusCode));
            Assert.Equal($"/jobrunner/login?return={Uri.EscapeDataString($"/jobrunner/{page}")}", answer.Headers.Location!.OriginalString);
            Assert.Equal("", await answer.Content.ReadAsStringAsync());
        }

        foreach (var (method, path) in Others)
        {
            using var answer = await guest.SendAsync(method, path);
            Assert.Equal((path, HttpStatusCode.Unauthorized), (path, answer.StatusCode));
            Assert.Equal(method == HttpMethod.Head ? "" : "Log in to the dashboard first.", await answer.Content.ReadAsStringAsync());
        }

        foreach (var path in new[] { "login", "assets/dashboard.css", "assets/icon.svg" })
        {
            using var answer = await guest.GetAsync(path);
            Assert.Equal((path, HttpStatusCode.OK), (path, answer.StatusCode));
        }
    }

    [Fact]
    public async Task The_token_lets_in_from_anywhere_and_leads_back()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync("192.0.2.7", options: file.Options);
        using var guest = Guest.Of(host);
        using var asked = await guest.GetAsync("jobs?find=%C3%BC%26b");
        using var answer = await guest.LogInAsync($" {TokenFile.Token} ", asked.Headers.Location!.OriginalString["/jobrunner/login".Length..]);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/jobrunner/jobs?find=%C3%BC%26b", answer.Headers.Location!.OriginalString);
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("jobrunner-dashboard=", StringComparison.Ordinal));
        Assert.EndsWith("; max-age=43200; path=/jobrunner; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        using var page = await guest.GetAsync("jobs?find=%C3%BC%26b");
        Assert.Contains("<h1>Jobs</h1>", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using var circuit = await guest.SendAsync(HttpMethod.Post, "_blazor/negotiate?negotiateVersion=1");
        Assert.Equal(HttpStatusCode.OK, circuit.StatusCode);
        using var again = await guest.GetAsync("login?return=/jobrunner/errors");
        Assert.Equal("/jobrunner/errors", again.Headers.Location!.OriginalString);
        Assert.Contains(host.Log, line => line == "1470 Somebody at 192.0.2.7 has logged in to the dashboard");
        Assert.DoesNotContain(host.Log, line => line.Contains(TokenFile.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Over_https_the_cookie_goes_over_https_alone()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, scheme: "https");
        using var guest = Guest.Of(host);
        using var answer = await guest.LogInAsync();

        Assert.Contains(answer.Headers.GetValues("Set-Cookie"), value => value.StartsWith("jobrunner-dashboard=", StringComparison.Ordinal) && value.Contains("; secure", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://stranger.example/")]
    [InlineData("//stranger.example/")]
    [InlineData("///stranger.example/")]
    [InlineData("/\\stranger.example/")]
    [InlineData("\\\\stranger.example/")]
    [InlineData("/\t/stranger.example/")]
    [InlineData("/\r\nLocation: https://stranger.example/")]
    [InlineData("javascript:alert(1)")]
    [InlineData("stranger.example")]
    [InlineData("~//stranger.example")]
    [InlineData("/jobrunner/jobs?find=\u00fc")]
    [InlineData("")]
    public async Task A_log_in_leads_nowhere_but_to_pages_of_its_host(string back)
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        using var guest = Guest.Of(host);
        using var answer = await guest.LogInAsync(query: $"?return={Uri.EscapeDataString(back)}");
        Assert.Equal("/jobrunner/", answer.Headers.Location!.OriginalString);
        using var again = await guest.GetAsync($"login?return={Uri.EscapeDataString(back)}");
        Assert.Equal("/jobrunner/", again.Headers.Location!.OriginalString);
    }

    [Theory]
    [InlineData("")]
    [InlineData("wrong")]
    [InlineData("4fjZ0kQm2b7Xw9Rtx")]
    [InlineData("4FJZ0KQM2B7XW9RT")]
    public async Task A_wrong_token_is_refused_told_and_logged(string token)
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync("192.0.2.7", options: file.Options);
        using var guest = Guest.Of(host);
        using var answer = await guest.LogInAsync(token);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains("That is not the token.", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(guest.Pass);
        Assert.False(await guest.IsInAsync());
        Assert.Equal(["1471 Somebody at 192.0.2.7 gave a wrong token to the dashboard"], host.Log.Where(line => line.StartsWith("147", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_wrong_token_takes_a_second_and_others_wait_for_their_turn_also_when_its_sender_hangs_up()
    {
        var time = new FakeTimeProvider();
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, time: time);
        using var thief = Guest.Of(host);
        using var hangUp = new CancellationTokenSource();
        var wrong = thief.LogInAsync("wrong", cancellation: hangUp.Token);
        await Eventually.HoldsAsync("the wrong token was seen", () => host.Log.Any(line => line.StartsWith("1471", StringComparison.Ordinal)));
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wrong);
        using var guest = Guest.Of(host);
        var right = guest.LogInAsync();
        using var other = Guest.Of(host);
        Assert.False(await other.IsInAsync());
        Assert.False(right.IsCompleted);
        Assert.DoesNotContain(host.Log, line => line.StartsWith("1470", StringComparison.Ordinal));

        await Eventually.HoldsAsync("the right one has its turn", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return right.IsCompleted;
        });
        Assert.Equal(HttpStatusCode.Redirect, (await right).StatusCode);
    }

    [Fact]
    public async Task Too_many_tries_at_once_are_refused_before_they_are_looked_at()
    {
        var time = new FakeTimeProvider();
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, time: time);
        var guests = Enumerable.Range(0, 25).Select(_ => Guest.Of(host)).ToArray();
        var tries = guests.Select(guest => guest.LogInAsync("wrong")).ToArray();
        await Eventually.HoldsAsync("those who find no room are told", () => tries.Count(one => one.IsCompleted) == 4);
        foreach (var one in tries.Where(one => one.IsCompleted))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, (await one).StatusCode);
        }

        Assert.Single(host.Log, line => line.StartsWith("1471", StringComparison.Ordinal));
        await Eventually.HoldsAsync("the others are told", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return tries.All(one => one.IsCompleted);
        });
        Assert.Equal(21, host.Log.Count(line => line.StartsWith("1471", StringComparison.Ordinal)));
        foreach (var (guest, one) in guests.Zip(tries))
        {
            (await one).Dispose();
            guest.Dispose();
        }
    }

    [Theory]
    [InlineData("login")]
    [InlineData("logout")]
    public async Task A_form_that_is_not_the_dashboards_own_is_refused(string form)
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        using var guest = Guest.Of(host);
        using var logIn = await guest.LogInAsync();
        foreach (var content in new HttpContent[]
        {
            new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = TokenFile.Token }),
            new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = TokenFile.Token, ["__RequestVerificationToken"] = "forged" }),
            new StringContent("{}"),
            new FormUrlEncodedContent(new Dictionary<string, string> { ["token"] = new string('x', 20_000) }),
        })
        {
            using var answer = await guest.SendAsync(HttpMethod.Post, form, content);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var given) && given.Any(value => value.StartsWith("jobrunner-dashboard", StringComparison.Ordinal)));
        }

        Assert.True(await guest.IsInAsync());
    }
}
