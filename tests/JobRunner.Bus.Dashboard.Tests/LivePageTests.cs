using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>What people see in a real browser, of real workers on a real broker.</summary>
public sealed class LivePageTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task Jobs_come_and_go_on_the_page_while_it_is_open_and_the_overview_counts_them()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var overview = await browser.VisitAsync(theatre.Address);
        await overview.OpenAsync("");
        await overview.SeesAsync("#workers .number", "1");
        await overview.SeesAsync("#running .number", "0");
        await using var jobs = await browser.VisitAsync(theatre.Address);
        await jobs.OpenAsync("jobs");
        await jobs.SeesAsync("main", "Nothing runs or waits on any worker.");

        var request = Theatre.NewRequestId();
        await theatre.SleepAsync(request, "slow", "long sleep", 6);
        await jobs.SeesAsync("#jobs tbody tr", "long sleep");
        foreach (var part in new[] { request, "slow", "sleep", "RUNNING", $".{theatre.Worker.Id}." })
        {
            await jobs.SeesAsync("#jobs tbody tr", part);
        }

        await overview.SeesAsync("#running .number", "1");
        await overview.SeesAsync("#running .note", "of 4 slots");
        await theatre.SendAsync(request, new JsonObject { ["id"] = "bad1", ["type"] = "shell-command", ["bytes"] = Theatre.Base64("""{"cmd":"false"}""") });
        await overview.SeesAsync("#failed .number", "1");
        await overview.SeesAsync("section", "bad1");

        await jobs.SeesAsync("main", "Nothing runs or waits on any worker.");
        await overview.SeesAsync("#running .number", "0");
        Assert.Empty(jobs.Errors);
        Assert.Empty(overview.Errors);
    }

    [Fact(DisableParallelization = true)]
    public async Task A_change_is_on_the_page_within_a_second_or_little_more()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var jobs = await browser.VisitAsync(theatre.Address);
        await jobs.OpenAsync("jobs");
        await jobs.SeesAsync("main", "Nothing runs or waits on any worker.");
        List<double> seconds = [];
        for (var i = 0; i < 4; i++)
        {
            var since = Stopwatch.StartNew();
            await theatre.SleepAsync(Theatre.NewRequestId(), "job1", $"look number {i}");
            await jobs.Page.GetByText($"look number {i}").WaitForAsync();
            seconds.Add(since.Elapsed.TotalSeconds);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"seen after {string.Join(", ", seconds.Select(one => $"{one:0.00}"))} s");

        // A busy machine may be late once or twice.
        Assert.InRange(seconds.Order().ElementAt(1), 0, 1.5);
    }

    [Fact]
    public async Task A_killed_worker_is_seen_to_be_silent_within_its_lease()
    {
        await using var theatre = await Theatre.OpenAsync(broker, workers: 2);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("workers");
        await visitor.SeesAsync("caption", "2 workers, 0 of 8 slots in use");

        await theatre.Worker.KillAsync();
        await visitor.Page.Locator("tr.silent", new() { HasText = $".{theatre.Worker.Id}." }).WaitForAsync(new() { Timeout = 10_000 });
        await visitor.SeesAsync("tr.silent", "SILENT");
        await visitor.SeesAsync("caption", "1 worker, 0 of 4 slots in use");
    }

    [Fact]
    public async Task The_page_says_that_the_broker_is_away_and_comes_back_with_it()
    {
        await using var own = new Broker();
        var node = await own.NodeAsync();
        await using var theatre = await Theatre.OpenAsync(own);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("");
        await visitor.SeesAsync("#workers .number", "1");
        await using var chains = await browser.VisitAsync(theatre.Address);
        await chains.OpenAsync("chains");
        await chains.SeesAsync("main", "no worker of role Chain");

        await node.KillAsync();
        await visitor.SeesAsync(".trouble", "Shown is what was known at");
        await Assertions.Expect(chains.Page.Locator("main")).Not.ToContainTextAsync("no worker of role Chain", new() { Timeout = 20_000 });
        await node.StartServerAsync();
        await Assertions.Expect(visitor.Page.Locator(".trouble p")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
        await Assertions.Expect(visitor.Page.Locator("#workers .number")).ToHaveTextAsync("1", new() { Timeout = 60_000 });
        await Assertions.Expect(chains.Page.Locator("main")).ToContainTextAsync("no worker of role Chain", new() { Timeout = 60_000 });
    }

    [Fact]
    public async Task The_page_says_that_its_server_is_away_and_comes_back_with_it()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("workers");
        await visitor.SeesAsync("caption", "1 worker");

        await theatre.Dashboard.KillAsync();
        await Assertions.Expect(visitor.Page.GetByText("The connection to the dashboard was lost.")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await theatre.StartDashboardAsync();
        await Assertions.Expect(visitor.Page.GetByText("The connection to the dashboard was lost.")).ToBeHiddenAsync(new() { Timeout = 60_000 });
        await visitor.SeesAsync("caption", "1 worker");
    }

    [Fact]
    public async Task The_heading_takes_no_focus_from_a_field_that_is_typed_in()
    {
        await using var theatre = await Theatre.OpenAsync(broker, workers: 0);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        // The server's word that the heading is to have the focus is late.
        await visitor.Page.AddInitScriptAsync("""
            let blazor;
            Object.defineProperty(window, 'Blazor', {
                get: () => blazor,
                set: given => {
                    blazor = given;
                    const dom = given._internal.domWrapper, focus = dom.focusBySelector;
                    dom.focusBySelector = selector => { window.focusLate = () => focus(selector); };
                },
            });
            """);
        await visitor.OpenAsync("jobs");
        await visitor.Page.WaitForFunctionAsync("() => window.focusLate");
        var find = visitor.Page.GetByLabel("Find");
        await find.ClickAsync();
        await visitor.Page.Keyboard.TypeAsync("ban");
        await visitor.Page.EvaluateAsync("() => focusLate()");
        await visitor.SeesAsync("main", "No run fits.");
        await Assertions.Expect(find).ToBeFocusedAsync();
        await visitor.Page.Keyboard.TypeAsync("ana");
        await Assertions.Expect(find).ToHaveValueAsync("banana");
    }

    [Fact]
    public async Task What_is_typed_while_the_server_is_late_stays()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await theatre.SleepAsync(Theatre.NewRequestId(), "bbbb", "banana");
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("jobs");
        await visitor.SeesAsync("#found", "1 run");
        var find = visitor.Page.GetByLabel("Find");
        for (var round = 0; round < 5; round++)
        {
            await theatre.Dashboard.PauseAsync();
            await find.PressSequentiallyAsync("ban");
            await theatre.Dashboard.ContinueAsync();
            await find.PressSequentiallyAsync("ana no", new() { Delay = 20 });
            await visitor.SeesAsync("main", "No run fits.");
            await Assertions.Expect(find).ToHaveValueAsync("banana no");
            await find.FillAsync("");
            await visitor.SeesAsync("#found", "1 run");
        }
    }

    [Fact]
    public async Task Finding_and_sorting_are_in_the_address_and_the_back_button_works()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await theatre.SleepAsync(Theatre.NewRequestId(), "aaaa", "apple");
        await theatre.SleepAsync(Theatre.NewRequestId(), "bbbb", "banana");
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("jobs");
        await visitor.SeesAsync("#found", "2 runs");

        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Job", Exact = true }).ClickAsync();
        await Assertions.Expect(visitor.Page).ToHaveURLAsync(new Uri(theatre.Address, "jobs?sort=job").ToString());
        await visitor.SeesAsync("tbody tr:first-child", "apple");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Job", Exact = true }).ClickAsync();
        await visitor.SeesAsync("tbody tr:first-child", "banana");
        await visitor.Page.GoBackAsync();
        await visitor.SeesAsync("tbody tr:first-child", "apple");

        await visitor.Page.GetByLabel("Find").PressSequentiallyAsync("banana");
        await visitor.SeesAsync("#found", "1 run");
        await Assertions.Expect(visitor.Page).ToHaveURLAsync(new Uri(theatre.Address, "jobs?find=banana&sort=job").ToString());
        await using var friend = await browser.VisitAsync(theatre.Address);
        await friend.OpenAsync(visitor.Page.Url);
        await friend.SeesAsync("#found", "1 run");
        await friend.SeesAsync("tbody tr", "banana");
    }
}
