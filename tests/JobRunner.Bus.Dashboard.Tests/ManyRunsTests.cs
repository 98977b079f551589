using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.TestKit;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>
/// A page that shows as many runs as the largest installations have at once. Measures for DASHBOARD_SECONDS (10 if absent), and prints what
/// the page and its server cost.
/// </summary>
public sealed class ManyRunsTests(Broker broker, Browser browser, ITestOutputHelper output)
{
    private const int Workers = 5;
    private const int Runs = 10_000;

    [Fact(DisableParallelization = true)]
    public async Task Ten_thousand_live_runs_on_five_workers_are_found_sorted_and_change_every_second()
    {
        await using var theatre = await Theatre.OpenAsync(broker, workers: 0);
        for (var i = 0; i < Workers; i++)
        {
            await theatre.AddWorkerAsync(slots: Runs / Workers);
        }

        await Task.WhenAll(Enumerable.Range(0, Runs).Select(number => theatre.SleepAsync($"r{number:00000}", "job1", $"run {number}")));
        await using var first = await browser.VisitAsync(theatre.Address);
        await first.OpenAsync("jobs");
        await Assertions.Expect(first.Page.Locator("#found")).ToHaveTextAsync("10,000 runs, page 1 of 100", new() { Timeout = 60_000 });

        await using var visitor = await browser.VisitAsync(theatre.Address);
        await visitor.OpenAsync("jobs?sort=request&down=true");
        await Assertions.Expect(visitor.Page.Locator("#jobs tbody tr").First).ToContainTextAsync("r09999");

        // Every second the ages of a hundred runs change.
        await visitor.Page.EvaluateAsync(
            """
            () => {
                window.changes = [];
                new MutationObserver(() => window.changes.push(performance.now())).observe(document.querySelector('#jobs tbody'), { subtree: true, characterData: true, childList: true });
            }
            """);
        var seconds = int.Parse(Environment.GetEnvironmentVariable("DASHBOARD_SECONDS") ?? "10", CultureInfo.InvariantCulture);
        var metrics = await visitor.Page.Context.NewCDPSessionAsync(visitor.Page);
        await metrics.SendAsync("Performance.enable");
        using var server = Process.GetProcessById(theatre.Dashboard.Id);
        var (pageCpu, heap) = await PageAsync(metrics);
        var serverCpu = server.TotalProcessorTime;
        var resident = theatre.Dashboard.ResidentBytes;
        var clock = Stopwatch.StartNew();
        await Eventually.HoldsAsync(
            "the time is over", () => clock.Elapsed >= TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds + 60));
        server.Refresh();
        var changes = await visitor.Page.EvaluateAsync<double[]>("window.changes");
        var (pageCpuAfter, heapAfter) = await PageAsync(metrics);
        clock.Stop();
        var paints = await FirstPaintsAsync(theatre);
        var gaps = changes.Zip(changes.Skip(1), (before, after) => after - before).Where(gap => gap > 100).Order().ToArray();
        Assert.True(gaps.Length + 1 >= seconds / 2, $"it changed {gaps.Length + 1} times in {seconds} s");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"""
            first paint p50 {paints[paints.Count / 2]:0} ms, longest {paints[^1]:0} ms; {gaps.Length + 1} updates in {seconds} s, between two p50 {gaps[gaps.Length / 2]:0} ms, longest {gaps[^1]:0} ms
            server {100 * (server.TotalProcessorTime - serverCpu) / clock.Elapsed:0.0} % of a core, {resident >> 20} MiB, then {theatre.Dashboard.ResidentBytes >> 20} MiB
            page {100 * (pageCpuAfter - pageCpu) / clock.Elapsed.TotalSeconds:0.0} % of a core, heap {heap / 1e6:0.0} MB, then {heapAfter / 1e6:0.0} MB
            """));

        await visitor.Page.Locator("#find").FillAsync("r04321");
        await Assertions.Expect(visitor.Page.Locator("#found")).ToHaveTextAsync("1 run");
        Assert.Empty(visitor.Errors);
    }

    /// <summary>Of people who come for the first time, one after another.</summary>
    private async Task<List<double>> FirstPaintsAsync(Theatre theatre)
    {
        List<double> paints = [];
        for (var i = 0; i < 7; i++)
        {
            await using var comes = await browser.VisitAsync(theatre.Address);
            await comes.OpenAsync("jobs?sort=request&down=true");
            paints.Add(await comes.Page.EvaluateAsync<double>("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
        }

        paints.Sort();
        return paints;
    }

    private static async Task<(double Cpu, double Heap)> PageAsync(ICDPSession metrics)
    {
        await metrics.SendAsync("HeapProfiler.collectGarbage");
        var told = (await metrics.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics").EnumerateArray()
            .ToDictionary(one => one.GetProperty("name").GetString()!, one => one.GetProperty("value").GetDouble());
        return (told["TaskDuration"], told["JSHeapUsedSize"]);
    }
}
