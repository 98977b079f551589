using JobRunner.Bus.TestKit;
using Microsoft.Playwright;
using RabbitMQ.Client;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A request and the list of chains, of real workers on a real broker.</summary>
public sealed class RequestPageTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task A_chain_is_drawn_and_listed_with_what_runs_and_what_each_try_wrote()
    {
        await using var theatre = await Theatre.OpenAsync(broker, chains: true);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("chains");
        await visitor.SeesAsync("main", "No chain is known.");

        var request = Theatre.NewRequestId();
        await theatre.SendChainAsync(
            request,
            [
                Theatre.Shell("first", "echo this was written; echo that went wrong >&2"),
                Theatre.Shell("left", "sleep 3600"),
                Theatre.Shell("right", "true"),
                Theatre.Shell("last", "true"),
            ],
            "first>left first>right left>last right>last");
        await visitor.SeesAsync("#chains tbody tr", "2 of 4 jobs");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = request }).ClickAsync();

        await visitor.SeesAsync("h1", request);
        await visitor.SeesAsync("#chain", "RUNNING, 2 of 4 jobs COMPLETE");
        await visitor.SeesAsync("#runs tbody tr", "left");
        await visitor.SeesAsync("#runs tbody tr", $".{theatre.Worker.Id}.");
        foreach (var node in new[] { "first (first) COMPLETE 1 try", "left (left) RUNNING", "right (right) COMPLETE 1 try", "last (last) PENDING" })
        {
            await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Link, new() { Name = node, Exact = true })).ToBeVisibleAsync();
        }

        await Assertions.Expect(visitor.Page.Locator("svg.graph path")).ToHaveCountAsync(4);
        await visitor.SeesAsync("#job-last", "waits for left");

        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "last (last) PENDING" }).PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator("#job-last")).ToBeFocusedAsync();
        Assert.EndsWith($"requests/{request}#job-last", visitor.Page.Url, StringComparison.Ordinal);

        await visitor.SeesAsync("#tries caption", "2 tries");
        Assert.Equal(0, await visitor.Page.Locator("#tries pre").CountAsync());
        await visitor.Page.GetByText("Output of first").ClickAsync();
        await visitor.SeesAsync("#tries pre[aria-label=stdout]", "this was written");
        await visitor.SeesAsync("#tries pre[aria-label=stderr]", "that went wrong");

        await visitor.Page.Locator("#find-output").FillAsync("WENT");
        await visitor.SeesAsync("#tries caption", "1 try of 2 with “WENT”");
        await visitor.SeesAsync("#tries mark", "went");
        await visitor.Page.Locator("#find-output").FillAsync("<b>nobody wrote this</b>");
        await visitor.SeesAsync("#tries caption", "0 tries of 2");
        await AccessibilityTests.FindsNothingAsync(visitor);
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task A_run_that_ends_is_among_the_tries_by_itself_where_nobody_schedules_chains_and_no_Request_Manager_answers()
    {
        // Nothing listens there.
        await using var theatre = await Theatre.OpenAsync(
            broker, settings: new Dictionary<string, string> { ["JobRunner__RequestManager__BaseUrl"] = "http://127.0.0.1:9" });
        await using var visitor = await browser.VisitAsync(theatre.Address);
        var request = Theatre.NewRequestId();
        await theatre.SleepAsync(request, "nap", "a nap", 12);
        await visitor.OpenAsync("jobs");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = request }).ClickAsync();
        await visitor.SeesAsync("#runs tbody tr", "a nap");
        await visitor.SeesAsync("#no-chain", "no worker of role Chain is connected to the broker");
        await visitor.SeesAsync("main", "Some tries may be missing: the stored logs");

        await visitor.SeesAsync("main", "Nothing of this request runs or waits on any worker.");
        await visitor.SeesAsync("#tries tbody tr", "a nap");
        await visitor.SeesAsync("#tries tbody tr", "COMPLETE");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "Among all jobs" }).ClickAsync();
        await Assertions.Expect(visitor.Page).ToHaveURLAsync(new Uri(theatre.Address, $"jobs?find={request}").ToString());
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task What_a_job_left_for_others_is_shown_as_text()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        var request = Theatre.NewRequestId();
        var ends = await theatre.Scheduler.ListenAsync("job-finished");
        await theatre.Scheduler.SendAsync(
            "run-job",
            $$"""{"requestId":"{{request}}","jobData":{"host":"<b>db-7</b>","shards":[1,2]},"job":{"id":"noop","type":"noop"} }""",
            new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent });
        await Eventually.HoldsAsync("it has ended", () => !ends.IsEmpty);
        await visitor.OpenAsync($"requests/{request}");
        await visitor.Page.GetByText("What noop left after try 1").ClickAsync();
        await visitor.SeesAsync("#data pre", "\"host\": \"<b>db-7</b>\"");
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task Logs_are_read_again_when_somebody_asks_for_it()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        var request = Theatre.NewRequestId();
        await visitor.OpenAsync($"requests/{request}");
        await visitor.SeesAsync("main", "No try of this request is logged here.");

        // Over before anybody looks at what runs.
        var logs = await theatre.Scheduler.ListenAsync("job-log-recorded");
        await theatre.SendAsync(request, Theatre.Shell("quick", "true"));
        await Eventually.HoldsAsync("it is logged", () => !logs.IsEmpty);
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Read again" }).ClickAsync();
        await visitor.SeesAsync("#tries tbody tr", "quick");
    }
}
