using System.Net;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Who may look, and that what jobs say is text.</summary>
public sealed class SafetyTests(Broker broker, Browser browser)
{
    private const string Hostile = """<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>""";

    [Fact]
    public async Task Hostile_names_and_statuses_are_text_on_every_page()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await theatre.SleepAsync(Theatre.NewRequestId(), "evil", Hostile);
        await theatre.SendAsync(Theatre.NewRequestId(), new JsonObject { ["id"] = "bad1", ["name"] = Hostile, ["type"] = "shell-command", ["bytes"] = Theatre.Base64("""{"cmd":"false"}""") });
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("jobs");
        await visitor.SeesAsync("#jobs tbody", Hostile);
        Assert.Equal("Jobs – JobRunner", await visitor.Page.TitleAsync());

        // In an address, too, before and after the page is live.
        await visitor.OpenAsync($"jobs?find={Uri.EscapeDataString(Hostile)}&sort={Uri.EscapeDataString(Hostile)}");
        await visitor.SeesAsync("#jobs tbody", Hostile);
        Assert.Equal(Hostile, await visitor.Page.GetByLabel("Find").InputValueAsync());
        Assert.Equal("Jobs – JobRunner", await visitor.Page.TitleAsync());
        Assert.Equal(0, await visitor.Page.Locator("main img, main script").CountAsync());
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task Hostile_output_names_and_ids_are_text_on_the_page_of_a_request()
    {
        await using var theatre = await Theatre.OpenAsync(broker, chains: true);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        var request = Theatre.NewRequestId();
        var script = $"cat <<'EOF'\n{Hostile}\n</pre></details>\nEOF\ncat >&2 <<'EOF'\n{Hostile}\nEOF\nexit 1";
        await theatre.SendChainAsync(request, [Theatre.Shell("evil", script, Hostile), Theatre.Shell("next", "true", Hostile)], "evil>next");
        await visitor.OpenAsync($"requests/{request}");
        await visitor.SeesAsync("#chain-jobs", Hostile);
        await visitor.SeesAsync("#tries", "FAIL");
        await visitor.Page.Locator("#tries summary").ClickAsync();
        foreach (var output in new[] { "stdout", "stderr" })
        {
            await visitor.SeesAsync($"#tries pre[aria-label={output}]", Hostile);
        }

        await IsTextAsync($"Request {request} – JobRunner");

        // In an address, too, before and after the page is live.
        await visitor.OpenAsync($"requests/{Uri.EscapeDataString(Hostile).Replace("%2F", "/", StringComparison.Ordinal)}");
        await visitor.SeesAsync("h1", Hostile);
        await visitor.SeesAsync("main", "No try of this request is logged here.");
        await IsTextAsync($"Request {Hostile} – JobRunner");

        async Task IsTextAsync(string title)
        {
            Assert.Equal(title, await visitor.Page.TitleAsync());
            Assert.Equal(0, await visitor.Page.Locator("main img, main script").CountAsync());
            Assert.Empty(visitor.Errors);
        }
    }

    [Fact]
    public async Task A_page_runs_and_loads_nothing_but_the_dashboards_own_files()
    {
        await using var host = await OwnHost.StartAsync();
        using var answer = await host.Client.GetAsync(new Uri("jobrunner/jobs", UriKind.Relative));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("script-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.True(answer.Headers.CacheControl!.NoStore);
        var page = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain(" style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<style", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stranger.example", null)]
    [InlineData("127.0.0.1.stranger.example", null)]
    [InlineData("localhost", "192.0.2.7")]
    [InlineData("localhost", "2001:db8::7")]
    public async Task Nobody_but_people_on_this_machine_sees_it(string name, string? from)
    {
        await using var host = await OwnHost.StartAsync(from: from);
        foreach (var path in new[] { "jobrunner/", "jobrunner/jobs", "jobrunner/_blazor/negotiate", "jobrunner/assets/dashboard.css" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative)) { Headers = { Host = name } };
            using var answer = await host.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        }
    }

    [Fact]
    public async Task In_a_host_of_ones_own_the_hosts_pages_stay_as_they_are()
    {
        await using var host = await OwnHost.StartAsync();

        Assert.Equal("mine", await host.Client.GetStringAsync(new Uri("", UriKind.Relative)));
        using var mine = await host.Client.GetAsync(new Uri("jobs", UriKind.Relative));
        Assert.False(mine.Headers.Contains("Content-Security-Policy"));
        Assert.Equal("my jobs", await mine.Content.ReadAsStringAsync());
        var page = await host.Client.GetStringAsync(new Uri("jobrunner/workers", UriKind.Relative));
        Assert.Contains("""<base href="/jobrunner/" """.Trim(), page, StringComparison.Ordinal);
        Assert.Contains("<h1>Workers</h1>", page, StringComparison.Ordinal);
        using var missing = await host.Client.GetAsync(new Uri("jobrunner/nothing", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
    }

    [Fact]
    public async Task Below_a_path_of_its_host_the_page_is_live_too()
    {
        await using var host = await OwnHost.StartAsync();
        await using var visitor = await browser.VisitAsync(new Uri(host.Client.BaseAddress!, "jobrunner/"));
        await visitor.OpenAsync("");
        await visitor.SeesAsync(".trouble", "Nothing listens at 127.0.0.1");
        await visitor.Page.GetByRole(Microsoft.Playwright.AriaRole.Link, new() { Name = "Workers" }).ClickAsync();
        await visitor.SeesAsync("h1", "Workers");
        Assert.EndsWith("/jobrunner/workers", visitor.Page.Url, StringComparison.Ordinal);
        Assert.Empty(visitor.Errors);
    }
}
