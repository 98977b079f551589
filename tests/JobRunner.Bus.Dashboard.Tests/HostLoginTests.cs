using System.Net;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A host that has a log-in of its own, and settings that say who may look.</summary>
public sealed class HostLoginTests
{
    private static readonly DashboardOptions Users = new() { RequireUser = true };

    [Theory]
    [InlineData("", HttpStatusCode.OK)]
    [InlineData("jobs", HttpStatusCode.OK)]
    [InlineData("assets/dashboard.css", HttpStatusCode.OK)]
    [InlineData("nothing", HttpStatusCode.NotFound)]
    public async Task Whoever_the_host_knows_is_let_in_from_anywhere_and_others_are_not(string path, HttpStatusCode known)
    {
        await using var host = await OwnHost.StartAsync("192.0.2.7", "ada", options: Users);
        using var ada = Guest.Of(host);
        using var page = await ada.GetAsync(path);
        Assert.Equal(known, page.StatusCode);

        foreach (var from in new[] { "192.0.2.7", "127.0.0.1" })
        {
            await using var closed = await OwnHost.StartAsync(from, options: Users);
            using var guest = Guest.Of(closed);
            using var answer = await guest.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("The dashboard is for people who have logged in, and its host knows no way to.", await answer.Content.ReadAsStringAsync());
            using var circuit = await guest.SendAsync(HttpMethod.Post, "_blazor/negotiate?negotiateVersion=1");
            Assert.Equal(HttpStatusCode.Unauthorized, circuit.StatusCode);
        }
    }

    [Fact]
    public async Task Others_are_sent_to_the_hosts_own_log_in()
    {
        await using var host = await OwnHost.StartAsync("192.0.2.7", options: Users, addServices: HasCookies);
        using var guest = new Guest(host.Client.BaseAddress!);
        using var asked = await guest.GetAsync("jobrunner/jobs?find=a");
        Assert.Equal(HttpStatusCode.Redirect, asked.StatusCode);
        Assert.Equal("/Account/Login?ReturnUrl=%2Fjobrunner%2Fjobs%3Ffind%3Da", asked.Headers.Location!.PathAndQuery);
        using var circuit = await guest.SendAsync(HttpMethod.Post, "jobrunner/_blazor/negotiate?negotiateVersion=1");
        Assert.Equal(HttpStatusCode.Redirect, circuit.StatusCode);

        using var signIn = await guest.GetAsync("sign-in");
        using var page = await guest.GetAsync("jobrunner/jobs");
        Assert.Contains("<h1>Jobs</h1>", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("Log out", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_of_the_dashboard_leaves_the_hosts_own_log_in_as_it_is()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, addServices: HasCookies);
        using var guest = Guest.Of(host);
        using var logIn = await guest.LogInAsync();
        Assert.True(await guest.IsInAsync());
        using var root = new Guest(host.Client.BaseAddress!);
        Assert.Equal("nobody", await WhoAsync(root));
        using var signIn = await root.GetAsync("sign-in");
        Assert.Equal("ada", await WhoAsync(root));

        // Known to the host is not enough where a token is asked for.
        using var page = await root.GetAsync("jobrunner/jobs");
        Assert.StartsWith("/jobrunner/login", page.Headers.Location!.OriginalString, StringComparison.Ordinal);

        static async Task<string> WhoAsync(Guest guest)
        {
            using var answer = await guest.GetAsync("who");
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("  \n", "the file is empty")]
    [InlineData("fifteen letters", "at least 16 characters")]
    [InlineData("two lines of secret-1\nand secret-2", "one line of visible ASCII characters")]
    [InlineData("p\u00e4ssword-of-16-l", "one line of visible ASCII characters")]
    public void A_token_that_is_none_is_refused_at_the_start_and_not_shown(string text, string expected)
    {
        using var file = new TokenFile(text);
        var error = Assert.Throws<ArgumentException>(() => new ServiceCollection().AddJobRunnerDashboard(new RabbitMq.RabbitMqOptions { Uri = "amqp://localhost" }, file.Options));
        Assert.StartsWith("DashboardOptions.TokenFile", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("letters", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_and_two_ways_to_log_in_are_refused_at_the_start()
    {
        using var file = new TokenFile();
        foreach (var (options, expected) in new[]
        {
            (new DashboardOptions { TokenFile = "/nowhere/token" }, "DashboardOptions.TokenFile \"/nowhere/token\" cannot be read: there is no such file"),
            (new DashboardOptions { TokenFile = "" }, "DashboardOptions.TokenFile \"\" cannot be read"),
            (file.Options with { RequireUser = true }, "TokenFile and RequireUser are both set"),
        })
        {
            var error = Assert.Throws<ArgumentException>(() => new ServiceCollection().AddJobRunnerDashboard(new RabbitMq.RabbitMqOptions { Uri = "amqp://localhost" }, options));
            Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        }
    }

    private static void HasCookies(IServiceCollection services) => services.AddAuthentication().AddCookie(CookieAuthenticationDefaults.AuthenticationScheme);
}
