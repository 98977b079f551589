using System.Text.Json.Nodes;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Stops, in a real browser and at a real broker.</summary>
public sealed class StopActionsTests(Broker broker, Browser browser)
{
    private const int Stopped = 6;

    [Fact]
    public async Task One_job_is_stopped_after_it_was_asked_back_and_the_other_runs_on()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        var ends = await theatre.Scheduler.ListenAsync("job-finished");
        await theatre.SleepAsync("r1", "one", "first");
        await theatre.SleepAsync("r1", "two", "second");
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("requests/r1");
        var stop = visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Stop job first (one)" });
        await stop.ClickAsync();
        await visitor.SeesAsync(".question", "Stop job first (one)?");
        await AccessibilityTests.FindsNothingAsync(visitor);
        await visitor.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(visitor.Page.Locator(".question")).ToHaveCountAsync(0);
        await Assertions.Expect(stop).ToBeFocusedAsync();

        await stop.ClickAsync();
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", "one stopped-while-running: STOPPED on ");
        await Assertions.Expect(visitor.Page.Locator("#runs tbody tr")).ToHaveCountAsync(1);
        await visitor.SeesAsync("#runs tbody", "two");
        await Eventually.HoldsAsync("its end is told", () => ends.Count == 1);
        Assert.Equal(("one", Stopped), ((string)JsonNode.Parse(ends.First().Body)!["jobId"]!, (int)JsonNode.Parse(ends.First().Body)!["finalState"]!));
        await Eventually.HoldsAsync(
            () => $"it is logged: {acting.Output}",
            () => acting.Output.Contains("somebody on this machine stops job one of request r1: one stopped-while-running: STOPPED", StringComparison.Ordinal));
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task A_request_is_stopped_with_its_chain()
    {
        await using var theatre = await Theatre.OpenAsync(broker, chains: true);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        var ends = await theatre.Scheduler.ListenAsync("job-finished");
        var request = Theatre.NewRequestId();
        await theatre.SendChainAsync(request, [Theatre.Shell("first", "sleep 3600"), Theatre.Shell("last", "true")], "first>last");
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync($"requests/{request}");
        await visitor.SeesAsync("#runs tbody", "first");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Stop this request" }).ClickAsync();
        await visitor.SeesAsync(".question", "all its jobs and its chain?");
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", $"Chain {request} is ");
        await visitor.SeesAsync("#chain", "STOPPED, 0 of 2 jobs COMPLETE");
        await visitor.SeesAsync("main", "Nothing of this request runs or waits on any worker.");
        Assert.Equal(["first"], ends.Select(end => (string)JsonNode.Parse(end.Body)!["jobId"]!));
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task A_read_only_page_has_no_button_to_stop_and_behind_it_is_nothing_to_call()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await theatre.SleepAsync("r1", "one");
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("requests/r1");
        await visitor.SeesAsync("#runs tbody", "one");
        Assert.Equal(0, await visitor.Page.Locator("button", new() { HasTextString = "Stop" }).CountAsync());

        await using var host = await OwnHost.StartAsync(broker: theatre.Broker);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Services.GetRequiredService<WorkActions>().StopAsync("r1", null, "nobody"));
        await visitor.SeesAsync("#runs tbody", "RUNNING");
    }

    [Fact]
    public async Task A_broker_that_is_away_is_told()
    {
        await using var host = await OwnHost.StartAsync(options: new DashboardOptions { AllowActions = true });
        var lines = await host.Services.GetRequiredService<WorkActions>().StopAsync("r1", "one", "ada");
        Assert.StartsWith("Broken off: ", Assert.Single(lines), StringComparison.Ordinal);
        Assert.Contains(host.Log, line => line.StartsWith("1465 ada stops job one of request r1: no answer, then it was broken off: ", StringComparison.Ordinal));
    }
}
