using System.Net;
using System.Net.WebSockets;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>What a log-in is good for, and how long.</summary>
public sealed class PassTests
{
    [Fact]
    public async Task It_is_good_for_twelve_hours()
    {
        var time = new FakeTimeProvider();
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, time: time);
        using var guest = Guest.Of(host);
        using var logIn = await guest.LogInAsync();
        time.Advance(TimeSpan.FromHours(11.9));
        Assert.True(await guest.IsInAsync());
        time.Advance(TimeSpan.FromHours(0.2));
        Assert.False(await guest.IsInAsync());
    }

    [Fact]
    public async Task A_forged_one_and_one_of_another_dashboard_are_good_for_nothing()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        using var elsewhere = new TokenFile("another token, of another dashboard");
        await using var other = await OwnHost.StartAsync(options: elsewhere.Options);
        using var known = Guest.Of(other);
        using var logIn = await known.LogInAsync("another token, of another dashboard");
        using var guest = Guest.Of(host);
        using var right = await guest.LogInAsync();
        var good = guest.Pass!.Value;
        Assert.True(await guest.IsInAsync());
        foreach (var forged in new[] { "", "x", "CfDJ8", good[..^1], good[..^2] + "AA", "a" + good, known.Pass!.Value, "00000000000000000000000000000000%209999999999" })
        {
            guest.Pass.Value = forged;
            Assert.False(await guest.IsInAsync(), forged);
        }
    }

    [Fact]
    public async Task Another_token_ends_it_and_one_that_cannot_be_used_does_not()
    {
        var time = new FakeTimeProvider();
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, time: time);
        using var guest = Guest.Of(host);
        using var logIn = await guest.LogInAsync();
        file.Write("short");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await guest.IsInAsync());
        Assert.Contains(host.Log, line => line.StartsWith("3012", StringComparison.Ordinal) && line.Contains("DashboardOptions.TokenFile", StringComparison.Ordinal));

        file.Write("a new token, long enough");
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(await guest.IsInAsync());
        using var anew = await guest.LogInAsync("a new token, long enough");
        Assert.True(await guest.IsInAsync());
        Assert.DoesNotContain(host.Log, line => line.Contains("long enough", StringComparison.Ordinal) || line.Contains(TokenFile.Token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logging_out_ends_it_and_its_copies()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        using var guest = Guest.Of(host);
        using var logIn = await guest.LogInAsync();
        using var other = Guest.Of(host);
        using var otherLogIn = await other.LogInAsync();
        var copy = guest.Pass!.Value;
        using var answer = await guest.PostFormAsync("jobs", "logout");
        Assert.Equal("/jobrunner/login", answer.Headers.Location!.OriginalString);
        Assert.Null(guest.Pass);
        Assert.False(await guest.IsInAsync());
        guest.Cookies.Add(new Cookie("jobrunner-dashboard", copy, "/jobrunner", "127.0.0.1"));
        Assert.False(await guest.IsInAsync());
        Assert.True(await other.IsInAsync());
    }

    [Theory]
    [InlineData("log-out")]
    [InlineData("token")]
    [InlineData("age")]
    public async Task The_connection_of_an_open_page_ends_with_it(string why)
    {
        var time = new FakeTimeProvider();
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options, time: time);
        using var guest = Guest.Of(host);
        await Assert.ThrowsAsync<WebSocketException>(() => OpenCircuitAsync(host, guest));
        using var logIn = await guest.LogInAsync();
        using var circuit = await OpenCircuitAsync(host, guest);
        var end = circuit.ReceiveAsync(new byte[100], TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.True(await guest.IsInAsync());
        Assert.False(end.IsCompleted);
        switch (why)
        {
            case "log-out":
                using (await guest.PostFormAsync("jobs", "logout"))
                {
                    break;
                }

            case "token":
                file.Write("a new token, long enough");
                break;
            default:
                time.Advance(TimeSpan.FromHours(12));
                break;
        }

        time.Advance(TimeSpan.FromSeconds(2));
        await Eventually.HoldsAsync("the connection ends", () => end.IsCompleted);
        await Assert.ThrowsAsync<WebSocketException>(() => end);
        await Assert.ThrowsAsync<WebSocketException>(() => OpenCircuitAsync(host, guest));
    }

    private static async Task<ClientWebSocket> OpenCircuitAsync(OwnHost host, Guest guest)
    {
        var socket = new ClientWebSocket();
        socket.Options.Cookies = guest.Cookies;
        await socket.ConnectAsync(new UriBuilder(host.Client.BaseAddress!) { Scheme = "ws", Path = "/jobrunner/_blazor" }.Uri, TestContext.Current.CancellationToken);
        return socket;
    }
}
