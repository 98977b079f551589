using JobRunner.Bus.TestKit;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>The drain of a worker, in a real browser and at a real broker.</summary>
public sealed class DrainActionTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task A_worker_is_drained_after_it_was_asked_back_and_its_row_tells_how_far_it_is()
    {
        await using var theatre = await Theatre.OpenAsync(broker);
        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        var mayEnd = Path.Combine(Path.GetTempPath(), Theatre.NewRequestId());
        await theatre.SendAsync("r1", Theatre.Shell("runs", $"until test -e {mayEnd}; do sleep 0.1; done"));
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("workers");
        await visitor.SeesAsync("tbody tr", "1 of 4");
        var drain = visitor.Page.Locator("tbody button");
        await drain.ClickAsync();
        await visitor.SeesAsync(".question", "Drain worker ");
        await AccessibilityTests.FindsNothingAsync(visitor);
        await visitor.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(drain).ToBeFocusedAsync();

        await drain.ClickAsync();
        await visitor.Page.Locator(".question .does").ClickAsync();
        await visitor.SeesAsync("tbody tr", "takes no work: draining, told by somebody on this machine, on the dashboard");
        await Assertions.Expect(drain).ToBeDisabledAsync();
        await File.WriteAllTextAsync(mayEnd, "", TestContext.Current.CancellationToken);
        await visitor.SeesAsync("#outcome", "is drained: it runs nothing");
        await visitor.SeesAsync("tbody tr", "takes no work: drained, told by ");

        // What is sent now waits for another worker.
        await theatre.SleepAsync("r2", "late");
        var second = await theatre.AddWorkerAsync();
        await visitor.SeesAsync($"tbody tr:has-text('.{second.Id}.')", "1 of 4");
        await Eventually.HoldsAsync(
            () => $"it is logged: {acting.Output}",
            () => acting.Output.Contains("somebody on this machine drains worker ", StringComparison.Ordinal) && acting.Output.Contains("is drained", StringComparison.Ordinal));
        Assert.Contains("somebody on this machine, on the dashboard told this worker to drain", theatre.Worker.Output, StringComparison.Ordinal);
        File.Delete(mayEnd);
        Assert.Empty(visitor.Errors);
    }
}
