using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>Retry and discard, in a real browser and at a real broker.</summary>
public sealed class ErrorActionsTests(Broker broker, Browser browser)
{
    private const string Group = "article:has(h2:has-text(\"broke\"))";
    private const string Other = "article:has(h2:has-text(\"other\"))";

    [Fact]
    public async Task A_group_is_retried_after_it_was_asked_back_and_other_groups_stay()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        var ends = await theatre.Scheduler.ListenAsync("job-finished");
        foreach (var number in new[] { 11111, 22222, 33333 })
        {
            await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", $"worker {number} broke", ActingDashboard.Noop($"r{number}", "aaaa"));
        }

        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "something other", ActingDashboard.Noop("r4", "aaaa"));
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("errors");
        await visitor.Page.Locator(Group).GetByRole(AriaRole.Button, new() { Name = "Retry: commands with the reason “worker … broke”" }).ClickAsync();
        await visitor.SeesAsync(".question", "3 messages: 3 would be sent back.");
        Assert.Equal("Cancel", await FocusedAsync(visitor));
        await AccessibilityTests.FindsNothingAsync(visitor);
        Assert.Empty(ends);

        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", "Commands with the reason “worker … broke”: 3 sent back.");
        await visitor.SeesAsync("#outcome", "The error queues hold 1 message now.");
        await visitor.SeesAsync("h2", "1 command: something other");
        await Eventually.HoldsAsync("all three have run", () => ends.Count == 3);
        Assert.All(ends, end => Assert.Equal(3, (int)JsonNode.Parse(end.Body)!["finalState"]!));
        Assert.Equal(1u, await theatre.Scheduler.CountAsync("run-job_error"));
        await AccessibilityTests.FindsNothingAsync(visitor);
        Assert.Empty(visitor.Errors);
        Assert.Contains("somebody on this machine retries commands with the reason “worker … broke”: 3 sent back", acting.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_is_discarded_nothing_is_when_it_is_cancelled_and_the_log_says_who_did_it()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var host = await OwnHost.StartAsync(user: "ada\u001b[2J", broker: theatre.Broker, options: new DashboardOptions { AllowActions = true });
        foreach (var request in new[] { "r1", "r2", "r3" })
        {
            await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop(request, "aaaa"));
        }

        await using var visitor = await browser.VisitAsync(new Uri(host.Client.BaseAddress!, "jobrunner/"));
        await visitor.OpenAsync("errors");
        await visitor.SeesAsync("article h2", "3 commands: it broke");
        var discard = visitor.Page.Locator("article > .actions").GetByRole(AriaRole.Button, new() { Name = "Discard" });
        await discard.ClickAsync();
        await visitor.SeesAsync(".question", "3 messages: 3 would be discarded.");
        await visitor.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(visitor.Page.Locator(".question")).ToHaveCountAsync(0);
        await Assertions.Expect(discard).ToBeFocusedAsync();
        await discard.ClickAsync();
        await visitor.SeesAsync(".question", "3 would be discarded.");
        await visitor.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(visitor.Page.Locator(".question")).ToHaveCountAsync(0);
        Assert.Equal(3u, await CountSoonAsync(theatre, 3));

        await visitor.Page.Locator("summary").ClickAsync();
        var example = (await visitor.Page.Locator("article pre").TextContentAsync())!;
        await visitor.Page.Locator("details").GetByRole(AriaRole.Button, new() { Name = "Discard this one" }).ClickAsync();
        await visitor.SeesAsync(".question", "1 message: 1 would be discarded.");
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", "1 discarded.");
        await visitor.SeesAsync("article h2", "2 commands: it broke");
        Assert.Equal(2u, await CountSoonAsync(theatre, 2));
        for (var left = 2; left > 0; left--)
        {
            Assert.NotEqual(example, (await theatre.Scheduler.GetAsync("run-job_error"))!.Body);
        }

        var request1 = (string)JsonNode.Parse(example)!["requestId"]!;
        Assert.Contains($"1460 ada [2J discards the command of request {request1}, job aaaa, try 1", host.Log);
        Assert.Contains($"1461 ada [2J discards the command of request {request1}, job aaaa, try 1: 1 discarded", host.Log);
        Assert.Empty(visitor.Errors);
    }

    [Fact]
    public async Task What_stays_is_told_with_the_reason()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        await theatre.SleepAsync("r1", "runs");
        await using var jobs = await browser.VisitAsync(theatre.Address);
        await jobs.OpenAsync("jobs");
        await jobs.SeesAsync("#jobs tbody", "RUNNING");
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop("r1", "runs"));
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "something other", ActingDashboard.Noop("r2", "aaaa"));

        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("errors");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Retry all commands" }).ClickAsync();
        await visitor.SeesAsync(".question", "2 messages: 1 would be sent back, 1 would stay.");
        await visitor.SeesAsync(".question", "its job runs or waits on worker");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Retry 1 message" }).ClickAsync();
        await visitor.SeesAsync("#outcome", "All commands: 1 sent back, 1 kept.");
        await visitor.SeesAsync("#outcome", "1 kept: its job runs or waits on worker");
        await visitor.SeesAsync("#outcome", "The error queues hold 1 message now.");
    }

    [Fact]
    public async Task A_read_only_page_has_no_buttons_and_behind_it_is_nothing_to_call()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop("r1", "aaaa"));
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("errors");
        await visitor.SeesAsync("main", "jobrunner errors retry");
        Assert.Equal(0, await visitor.Page.Locator("button").CountAsync());

        await using var host = await OwnHost.StartAsync(broker: theatre.Broker);
        var actions = host.Services.GetRequiredService<ErrorActions>();
        foreach (var isRetry in new[] { true, false })
        {
            var action = new ErrorAction(isRetry, new ErrorSelection(["run-job"], new ErrorFilter(), null), "all commands");
            await Assert.ThrowsAsync<InvalidOperationException>(() => actions.AskAsync(action, CancellationToken.None));
            await Assert.ThrowsAsync<InvalidOperationException>(() => actions.DoAsync(action, "nobody", new RepairTally()));
        }

        Assert.Equal(1u, await CountSoonAsync(theatre, 1));
    }

    [Fact]
    public async Task An_action_goes_on_when_its_page_is_closed()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        var ends = await theatre.Scheduler.ListenAsync("job-finished");
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop("r1", "aaaa"));
        await using (var visitor = await browser.VisitAsync(acting.Address))
        {
            await visitor.OpenAsync("errors");
            await visitor.Page.Locator(Group).GetByRole(AriaRole.Button, new() { Name = "Retry: " }).ClickAsync();
            await visitor.Page.Locator(".question .does").ClickAsync();
            await visitor.SeesAsync(".question", "Begun…");
        }

        await Eventually.HoldsAsync("it has run", () => ends.Count == 1);
        await Eventually.HoldsAsync(() => $"the outcome is logged: {acting.Output}", () => acting.Output.Contains("broke”: 1 sent back", StringComparison.Ordinal));
        Assert.Equal(0u, await theatre.Scheduler.CountAsync("run-job_error"));
    }

    [Fact]
    public async Task A_broker_that_dies_in_the_middle_is_told_and_nothing_is_lost()
    {
        const int Commands = 1_250;
        await using var own = new Broker();
        var node = await own.NodeAsync();
        await using var theatre = await Theatre.OpenAsync(own);

        // It takes no command, and is waited for before each batch.
        await theatre.Worker.PauseAsync();
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        await Task.WhenAll(Enumerable.Range(0, Commands).Select(number =>
            ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop($"r{number}", "aaaa")).AsTask()));
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("errors");
        await visitor.Page.Locator(Group).GetByRole(AriaRole.Button, new() { Name = "Retry: " }).ClickAsync();
        await visitor.SeesAsync(".question", "1,250 messages: 1250 would be sent back.");
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync(".question", " sent back…");

        await node.KillAsync();
        await visitor.SeesAsync("#outcome", " sent back.");
        await visitor.SeesAsync("#outcome", "Broken off: ");
        await visitor.SeesAsync("#outcome", "Nothing is lost");

        // Its page looks again as soon as it can, and holds what it reads.
        await acting.DisposeAsync();
        await node.StartServerAsync();
        await using var after = await PlainClient.ConnectAsync(theatre.Broker);
        await Eventually.HoldsAsync("the queues are back", async () => await after.CountAsync("run-job_error") + await after.CountAsync("run-job") >= Commands);
        Assert.InRange((int)await after.CountAsync("run-job_error"), 1, Commands);
        Assert.InRange((int)await after.CountAsync("run-job"), 250, Commands - 1);
        HashSet<string> found = [];
        await Eventually.HoldsAsync(() => $"every command is in one of them, {found.Count} were seen", async () =>
        {
            foreach (var queue in new[] { "run-job_error", "run-job" })
            {
                while (await after.GetAsync(queue) is { } message)
                {
                    found.Add((string)JsonNode.Parse(message.Body)!["requestId"]!);
                }
            }

            return found.Count == Commands;
        });
    }

    [Fact]
    public async Task It_needs_no_more_permissions_than_the_documents_say()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        var node = await broker.NodeAsync();
        var definitions = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "infra/rabbitmq/definitions.json")))!;
        var permitted = definitions["permissions"]!.AsArray().Single(one => (string)one!["user"]! == "operator")!;
        var user = $"mender-{Guid.NewGuid():N}";
        using var made = await node.Management.PutAsJsonAsync($"users/{user}", new { password = "for-this-test-only", tags = "" });
        made.EnsureSuccessStatusCode();
        using var set = await node.Management.PutAsJsonAsync($"permissions/{theatre.Broker.AbsolutePath[1..]}/{user}", new
        {
            configure = (string)permitted["configure"]!,
            write = $@"{(string)permitted["write"]!}|^(run-job\.wait|amq\.default)$",
            read = $"{(string)permitted["read"]!}|^(run-job_error|job-log-recorded_error|job-journal)$",
        });
        set.EnsureSuccessStatusCode();
        await using var acting = await ActingDashboard.StartAsync(new UriBuilder(theatre.Broker) { UserName = user, Password = "for-this-test-only" }.Uri);
        await ActingDashboard.PutAsync(theatre.Scheduler.Channel, "run-job", "it broke", ActingDashboard.Noop("r1", "aaaa"));
        await ActingDashboard.PutAsync(
            theatre.Scheduler.Channel, "job-log-recorded", "something other",
            """{"requestId":"r2","jobId":"aaaa","name":"a","type":"noop","try":1,"startedAt":1,"finishedAt":2,"state":3}""");

        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("errors");
        await visitor.SeesAsync(Other, "something other");
        await visitor.Page.GetByRole(AriaRole.Button, new() { Name = "Retry all commands and job logs" }).ClickAsync();
        await visitor.SeesAsync(".question", "2 messages: 2 would be sent back.");
        await visitor.SeesAsync(".question", "Which job logs were delivered meanwhile is not known here");
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("#outcome", "All commands and job logs: 2 sent back.");
        Assert.DoesNotContain("ACCESS_REFUSED", acting.Output, StringComparison.Ordinal);
    }

    private static Task<string> FocusedAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("document.activeElement.textContent");

    /// <summary>Whoever reads a queue holds its messages for a moment.</summary>
    private static async Task<uint> CountSoonAsync(Theatre theatre, uint expected)
    {
        await Eventually.HoldsAsync($"{expected} messages are in the error queue", async () => await theatre.Scheduler.CountAsync("run-job_error") == expected);
        return await theatre.Scheduler.CountAsync("run-job_error");
    }
}
