using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>What the page tells of a real broker.</summary>
public sealed class BrokerPageTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task Queues_are_counted_with_who_reads_them_and_what_needs_a_person_is_said()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("broker");
        await visitor.SeesAsync("#software", "RabbitMQ");
        await Assertions.Expect(visitor.Page.Locator("#findings")).Not.ToContainTextAsync("run-job");
        await Assertions.Expect(Row("run-job")).ToHaveTextAsync(["run-job", "0", "1"]);
        await AccessibilityTests.FindsNothingAsync(visitor);

        await theatre.SendAsync("r1", new JsonObject { ["id"] = "bad1", ["type"] = "noop", ["retry"] = -1 });
        await visitor.SeesAsync("#findings", "run-job_error holds messages that need a person.");
        await Assertions.Expect(Row("run-job_error")).ToHaveTextAsync(["run-job_error", "1", "0"]);
        await theatre.Worker.KillAsync();
        await visitor.SeesAsync("#findings", "Nobody takes commands: run-job has no consumer.");
        Assert.Empty(visitor.Errors);

        ILocator Row(string queue) => visitor.Page.Locator("#queues tbody tr", new() { Has = visitor.Page.GetByText(queue, new() { Exact = true }) }).Locator("td");
    }

    [Fact]
    public async Task To_look_makes_no_queue_and_an_alarm_is_told_while_it_lasts()
    {
        await using var own = new Broker();
        var node = await own.NodeAsync();
        await using var theatre = await Theatre.OpenAsync(own, workers: 0);
        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("broker");
        await visitor.SeesAsync("#findings", "run-job is not there");
        Assert.DoesNotContain("job", await node.ControlAsync("list_queues", "--quiet", "--vhost", theatre.Broker.AbsolutePath.TrimStart('/'), "name"), StringComparison.Ordinal);

        await node.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
        await visitor.SeesAsync("#findings", "ALARM");
        await visitor.SeesAsync("#findings", "low on memory");
        await node.ControlAsync("set_vm_memory_high_watermark", "0.6");
        await Assertions.Expect(visitor.Page.Locator("#findings")).Not.ToContainTextAsync("ALARM", new() { Timeout = 30_000 });
    }
}
