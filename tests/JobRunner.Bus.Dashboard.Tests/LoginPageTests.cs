using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Logging in and out in a real browser.</summary>
public sealed class LoginPageTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task One_logs_in_where_one_wanted_to_go_and_out_and_other_pages_of_the_browser_go_along()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        await using var visitor = await browser.VisitAsync(Dashboard(host));
        await visitor.Page.GotoAsync("jobs?find=abc");
        await Assertions.Expect(visitor.Page.GetByLabel("Token")).ToBeFocusedAsync();
        await visitor.Page.Keyboard.TypeAsync("wrong");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("[role=alert]", "That is not the token.");
        await visitor.Page.Keyboard.TypeAsync(TokenFile.Token);
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("h1", "Jobs");
        Assert.EndsWith("/jobrunner/jobs?find=abc", visitor.Page.Url, StringComparison.Ordinal);
        await IsLiveAsync(visitor.Page);

        var other = await visitor.Page.Context.NewPageAsync();
        await other.GotoAsync("workers");
        await IsLiveAsync(other);
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Broker" }).ClickAsync();
        await visitor.SeesAsync("h1", "Broker");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await visitor.SeesAsync("h1", "Log in");
        await Assertions.Expect(other.Locator("h1")).ToHaveTextAsync("Log in", new() { Timeout = 20_000 });
        Assert.Contains("return=%2Fjobrunner%2Fworkers", other.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_works_without_script()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        await using var visitor = await browser.VisitAsync(Dashboard(host), script: false);
        await visitor.Page.GotoAsync("workers");
        await visitor.Page.GetByLabel("Token").FillAsync(TokenFile.Token);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Log in" }).ClickAsync();
        await visitor.SeesAsync("h1", "Workers");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await visitor.SeesAsync("h1", "Log in");
    }

    [Fact]
    public async Task When_the_token_changes_open_pages_ask_for_the_new_one_and_come_back()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        await using var visitor = await browser.VisitAsync(Dashboard(host));
        await LogInAsync(visitor, "workers", TokenFile.Token);
        await IsLiveAsync(visitor.Page);
        file.Write("a new token, long enough");
        await visitor.SeesAsync("h1", "Log in");
        await visitor.Page.GetByLabel("Token").FillAsync("a new token, long enough");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("h1", "Workers");
        await IsLiveAsync(visitor.Page);
    }

    [Fact]
    public async Task A_link_on_another_site_opens_its_page_for_whoever_has_logged_in()
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        await using var visitor = await browser.VisitAsync(Dashboard(host));
        await visitor.Page.RouteAsync("http://stranger.example/**", route => route.FulfillAsync(new()
        {
            ContentType = "text/html",
            Body = $"""<a href="{Dashboard(host)}jobs?find=%22%3Cb">link</a>""",
        }));
        await FollowAsync();
        await visitor.SeesAsync("h1", "Log in");
        await visitor.Page.GetByLabel("Token").FillAsync(TokenFile.Token);
        await visitor.Page.Keyboard.PressAsync("Enter");
        await IsThereAsync();
        await FollowAsync();
        await IsThereAsync();

        async Task FollowAsync()
        {
            await visitor.Page.GotoAsync("http://stranger.example/");
            await visitor.Page.GetByText("link").ClickAsync();
        }

        async Task IsThereAsync()
        {
            await visitor.SeesAsync("h1", "Jobs");
            await IsLiveAsync(visitor.Page);
            Assert.EndsWith("/jobrunner/jobs?find=%22%3Cb", visitor.Page.Url, StringComparison.Ordinal);
            Assert.Equal("\"<b", await visitor.Page.GetByLabel("Find").InputValueAsync());
        }
    }

    [Fact]
    public async Task What_is_done_is_logged_as_by_somebody_with_the_token()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync("192.0.2.7", broker: theatre.Broker, options: file.Options with { AllowActions = true });
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop("r1", "aaaa"));
        await using var visitor = await browser.VisitAsync(Dashboard(host));
        await LogInAsync(visitor, "errors", TokenFile.Token);
        await IsLiveAsync(visitor.Page);
        await visitor.SeesAsync("article h2", "1 command: it broke");
        await visitor.Page.Locator("article > .actions").GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", "1 discarded.");
        Assert.Contains(host.Log, line => line.StartsWith("1460 somebody with the token discards", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Axe_finds_nothing_on_the_log_in_page_and_nothing_is_wider_than_a_phone(ColorScheme colors)
    {
        using var file = new TokenFile();
        await using var host = await OwnHost.StartAsync(options: file.Options);
        await using var visitor = await browser.VisitAsync(Dashboard(host), colors, width: 360);
        await visitor.Page.GotoAsync("");
        await AccessibilityTests.FindsNothingAsync(visitor);
        Assert.Empty(visitor.Errors);
        await visitor.Page.GetByLabel("Token").FillAsync("wrong");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("[role=alert]", "That is not the token.");
        await AccessibilityTests.FindsNothingAsync(visitor);
        await visitor.Page.GetByLabel("Token").FillAsync(TokenFile.Token);
        await visitor.Page.Keyboard.PressAsync("Enter");
        await IsLiveAsync(visitor.Page);
        await AccessibilityTests.FindsNothingAsync(visitor);
        Assert.Equal(360, await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    private static Uri Dashboard(OwnHost host) => new(host.Client.BaseAddress!, "jobrunner/");

    private static async Task LogInAsync(Visitor visitor, string path, string token)
    {
        await visitor.Page.GotoAsync(path);
        await visitor.Page.GetByLabel("Token").FillAsync(token);
        await visitor.Page.Keyboard.PressAsync("Enter");
    }

    private static Task IsLiveAsync(IPage page) => Assertions.Expect(page.Locator("main")).ToHaveAttributeAsync("aria-busy", "false", new() { Timeout = 20_000 });
}
