using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>What lies in the error queues of a real broker, by reason.</summary>
public sealed class ErrorsPageTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task Refused_commands_are_grouped_by_reason_as_they_come_and_stay_where_they_are()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("errors");
        await visitor.SeesAsync("main", "The error queues are empty.");

        const string Evil = "<img src=x onerror=alert(1)>";
        foreach (var request in new[] { "r1", "r2", "r3" })
        {
            await theatre.SendAsync(request, new JsonObject { ["id"] = "bad1", ["name"] = Evil, ["type"] = "noop", ["retry"] = -1 });
        }

        await theatre.SendAsync("r4", new JsonObject { ["id"] = "bad2" });
        await visitor.SeesAsync("main", "4 messages by reason");
        await visitor.SeesAsync("article:nth-of-type(1) h2", "3 commands: ");
        await visitor.SeesAsync("article:nth-of-type(1) h2", "retry");
        await visitor.SeesAsync("article:nth-of-type(2) h2", "1 command: ");
        await visitor.Page.Locator("article:nth-of-type(1) summary").ClickAsync();
        await visitor.SeesAsync("article:nth-of-type(1) pre", Evil);
        Assert.Equal(0, await visitor.Page.Locator("main img").CountAsync());
        Assert.Equal(4u, await theatre.Scheduler.CountAsync("run-job_error"));
        Assert.Empty(visitor.Errors);

        await using var overview = await browser.VisitAsync(theatre.Address);
        await overview.OpenAsync("");
        await overview.SeesAsync("#errors .number", "4");
        await overview.Page.GetByRole(AriaRole.Link, new() { Name = "Error queues: 4" }).ClickAsync();
        await overview.SeesAsync("main", "4 messages by reason");
        await AccessibilityTests.FindsNothingAsync(overview);
    }
}
