using System.Text.Json.Nodes;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Pages for everybody: screen readers, keyboards, phones, bright and dark rooms.</summary>
public sealed class AccessibilityTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task Axe_finds_nothing_on_any_page_in_light_and_dark()
    {
        await using var theatre = await Theatre.OpenAsync(broker, workers: 2, chains: true);
        await theatre.Worker.KillAsync();
        var chain = Theatre.NewRequestId();
        await theatre.SendChainAsync(chain, [Theatre.Shell("a", "echo written; exit 0"), Theatre.Shell("b", "sleep 3600"), Theatre.Shell("c", "true")], "a>b b>c");
        await theatre.SleepAsync(Theatre.NewRequestId(), "slow", "long sleep");
        foreach (var colors in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await using var visitor = await browser.VisitAsync(theatre.Address, colors);
            await visitor.OpenAsync("");
            await theatre.SendAsync(Theatre.NewRequestId(), new JsonObject { ["id"] = "bad1", ["type"] = "shell-command", ["bytes"] = Theatre.Base64("""{"cmd":"false"}""") });
            await visitor.SeesAsync("section", "bad1");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync("jobs");
            await visitor.SeesAsync("#jobs tbody", "long sleep");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync("jobs?find=nothing+of+this+kind");
            await visitor.SeesAsync("main", "No run fits.");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync("workers");
            await visitor.SeesAsync("caption", "1 worker");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync($"requests/{chain}");
            await visitor.SeesAsync("#runs", "RUNNING");
            await visitor.SeesAsync("svg.graph", "PENDING");
            await visitor.Page.Locator("#tries summary").ClickAsync();
            await visitor.SeesAsync("#tries pre", "written");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync("requests/unknown");
            await visitor.SeesAsync("main", "No try of this request is logged here.");
            await FindsNothingAsync(visitor);
            await visitor.OpenAsync("chains");
            await visitor.SeesAsync("#chains tbody", chain);
            await FindsNothingAsync(visitor);
        }
    }

    [Fact]
    public async Task On_a_phone_no_page_is_wider_than_the_screen()
    {
        await using var theatre = await Theatre.OpenAsync(broker, chains: true);
        await theatre.SleepAsync(Theatre.NewRequestId(), "slow", "a job with quite a long name, as people give them");
        var chain = Theatre.NewRequestId();
        await theatre.SendChainAsync(chain, [Theatre.Shell("a", "seq 1000 | tr '\\n' ,"), Theatre.Shell("b", "sleep 3600"), Theatre.Shell("c", "true")], "a>b b>c");
        await using var visitor = await browser.VisitAsync(theatre.Address, width: 360);
        foreach (var path in new[] { "", "jobs", "workers" })
        {
            await visitor.OpenAsync(path);
            await visitor.SeesAsync("main", path == "" ? "of 4 slots" : $".{theatre.Worker.Id}.");
            await IsNotWiderAsync();
        }

        await visitor.OpenAsync("chains");
        await visitor.SeesAsync("#chains tbody", chain);
        await IsNotWiderAsync();
        await visitor.OpenAsync("broker");
        await visitor.SeesAsync("#queues", "chain-due");
        await IsNotWiderAsync();
        await visitor.OpenAsync($"requests/{chain}");
        await visitor.SeesAsync("svg.graph", "RUNNING");
        await visitor.Page.Locator("#tries summary").ClickAsync();
        await visitor.SeesAsync("#tries pre", "999,1000");
        await IsNotWiderAsync();

        async Task IsNotWiderAsync() => Assert.Equal(360, await visitor.Page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
    }

    [Fact]
    public async Task The_keyboard_reaches_the_content_the_pages_and_the_columns()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await theatre.SleepAsync(Theatre.NewRequestId(), "slow", "long sleep");
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("");
        await visitor.Page.Keyboard.PressAsync("Tab");
        await TabToAsync(visitor, "Jobs");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await visitor.SeesAsync("h1", "Jobs");
        await visitor.SeesAsync("#jobs tbody", "long sleep");
        await TabToAsync(visitor, "Worker");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator("th[aria-sort=ascending]")).ToHaveTextAsync("Worker");
    }

    private static async Task TabToAsync(Visitor visitor, string link)
    {
        for (var i = 0; i < 40; i++)
        {
            if (await visitor.Page.EvaluateAsync<string>("document.activeElement.textContent") == link)
            {
                return;
            }

            await visitor.Page.Keyboard.PressAsync("Tab");
        }

        Assert.Fail($"the keyboard does not reach {link}");
    }

    internal static async Task FindsNothingAsync(Visitor visitor)
    {
        var found = await visitor.Page.RunAxe();
        Assert.Equal("", string.Join("\n", found.Violations.Select(violation => $"{visitor.Page.Url}: {violation.Id}: {violation.Help}: {string.Join(", ", violation.Nodes.Select(node => node.Html))}")));
    }
}
