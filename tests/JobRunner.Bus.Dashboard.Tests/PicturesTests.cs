using System.Text.Json.Nodes;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>The pictures of the documents, which infra/screenshots.sh takes: they go into the folder DASHBOARD_PICTURES, and nowhere if it is absent.</summary>
public sealed class PicturesTests(Broker broker, Browser browser)
{
    [Fact]
    public async Task Each_page_has_something_to_show_and_its_picture_is_taken()
    {
        await using var theatre = await Theatre.OpenAsync(broker, chains: true);
        await theatre.AddWorkerAsync(chains: true, slots: 16);
        var nightly = Theatre.NewRequestId();
        await theatre.SendChainAsync(
            nightly,
            [
                Theatre.Shell("snap", "echo snapshot 20260102 of 214 GiB", "take snapshot"),
                Theatre.Shell("data", "echo 18240 files copied; echo 2 files changed while they were read >&2", "copy data"),
                Theatre.Shell("logs", "sleep 3600", "copy logs"),
                Retried(Theatre.Shell("scan", "echo no free scanner >&2; exit 3", "scan")),
                Theatre.Shell("check", "true", "compare"),
                Theatre.Shell("tidy", "true", "drop old snapshots"),
            ],
            "snap>data snap>logs snap>scan data>check logs>check scan>check check>tidy");
        await Task.WhenAll(Enumerable.Range(0, 9).Select(number => theatre.SleepAsync(Theatre.NewRequestId(), $"nap{number}", number % 2 == 0 ? "warm cache" : "rebuild index")));
        await theatre.SendAsync(Theatre.NewRequestId(), new JsonObject { ["id"] = "old1", ["name"] = "import", ["type"] = "shell-command", ["bytes"] = Theatre.Base64("""{"cmd":"false"}""") });
        await theatre.SendAsync(Theatre.NewRequestId(), new JsonObject { ["id"] = "bad1", ["type"] = "noop", ["retry"] = -1 });
        await ActingDashboard.PutAsync(
            theatre.Scheduler.Channel, "job-log-recorded", "The Request Manager answered 404 Not Found: request not found",
            $$"""{"requestId":"{{Theatre.NewRequestId()}}","jobId":"old1","name":"import","type":"shell-command","try":1,"startedAt":1767323045123456789,"finishedAt":1767323047123456789,"state":4,"exit":1}""");

        await using var acting = await ActingDashboard.StartAsync(theatre.Broker);
        await using var visitor = await browser.VisitAsync(acting.Address);
        await visitor.OpenAsync("");
        await visitor.SeesAsync("#running .number", "10");
        await visitor.SeesAsync("#workers .number", "2");

        await visitor.OpenAsync("jobs");
        await visitor.SeesAsync("#jobs", "rebuild index");
        await TakeAsync("jobs");

        await visitor.OpenAsync($"requests/{nightly}");
        await visitor.SeesAsync("#chain", "2 of 6 jobs COMPLETE");
        await visitor.SeesAsync("#runs", "copy logs");
        await visitor.SeesAsync("#tries caption", "3 tries");
        await visitor.Page.GetByText("Output of data").ClickAsync();
        await visitor.SeesAsync("#tries pre[aria-label=stderr]", "2 files changed");
        await TakeAsync("request");

        await visitor.OpenAsync("errors");
        await Assertions.Expect(visitor.Page.Locator("article")).ToHaveCountAsync(2);
        await TakeAsync("errors");

        async Task TakeAsync(string page)
        {
            var picture = await visitor.Page.ScreenshotAsync(new() { FullPage = true });
            Assert.InRange(picture.Length, 10_000, 1_000_000);
            if (Environment.GetEnvironmentVariable("DASHBOARD_PICTURES") is { Length: > 0 } folder)
            {
                await File.WriteAllBytesAsync(Path.Combine(folder, $"dashboard-{page}.png"), picture);
            }
        }

        static JsonObject Retried(JsonObject job)
        {
            job["retry"] = 2;
            job["retryWait"] = "20m";
            return job;
        }
    }
}
