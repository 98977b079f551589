using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using JobRunner.Bus.TestKit;
using Microsoft.Playwright;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary><c>jobrunner run FILE --dashboard</c>: the page of a process that has no broker.</summary>
public sealed class RunPageTests(Browser browser)
{
    private readonly int _port = RabbitMqNode.FreePort();

    private Uri Address => new($"http://127.0.0.1:{_port}/");

    private WorkerProcess Run(string file) => WorkerProcess.Start(
        ["run", file, "--dashboard", "--port", $"{_port}"],
        new Dictionary<string, string> { ["JobRunner__JobLogStore__Path"] = Path.Combine(Path.GetTempPath(), $"dashboard-run-{Guid.NewGuid():N}.db") });

    private static async Task<string> FileAsync(string content)
    {
        var file = Path.Combine(Path.GetTempPath(), $"dashboard-run-{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, content);
        return file;
    }

    private static async Task<string> PageAsync(WorkerProcess run)
    {
        const string Told = "the dashboard of this run is at ";
        await Eventually.HoldsAsync(() => $"the page is told: {run.Output}", () => run.Output.Contains(Told, StringComparison.Ordinal));
        return run.Output.Split(Told)[1].Split('\n')[0];
    }

    [Fact]
    public async Task The_sample_chain_is_on_the_page_until_Ctrl_c()
    {
        await using var run = Run("examples/release-chain.json");
        var page = await PageAsync(run);
        Assert.StartsWith($"{Address}requests/", page, StringComparison.Ordinal);
        Assert.DoesNotContain(" try 1 ", run.Output, StringComparison.Ordinal);
        await using var visitor = await browser.VisitAsync(Address);
        await visitor.OpenAsync(page);
        await Assertions.Expect(visitor.Page.Locator("svg.graph path")).ToHaveCountAsync(16);

        await Assertions.Expect(visitor.Page.Locator("#chain")).ToContainTextAsync("COMPLETE, 12 of 12 jobs COMPLETE", new() { Timeout = 180_000 });
        await visitor.SeesAsync("#tries caption", "13 tries");
        await visitor.SeesAsync("#tries", "exit status 75");
        await visitor.Page.GetByText("Output of fetc").ClickAsync();
        await visitor.SeesAsync("#tries pre[aria-label=stdout]", "1,204 files");
        await visitor.SeesAsync("main", "Nothing of this request runs or waits on any worker.");
        await Eventually.HoldsAsync(
            () => $"it tells that the page stays: {run.Output}", () => run.Output.Contains($"the dashboard stays at {Address.ToString().TrimEnd('/')} until Ctrl-C", StringComparison.Ordinal));
        Assert.Contains("COMPLETE: 12 of 12 jobs COMPLETE", run.Output, StringComparison.Ordinal);
        await visitor.OpenAsync("requests/another");
        await visitor.SeesAsync("#no-chain", "No chain is known: this process runs no such request.");
        Assert.Empty(visitor.Errors);

        Assert.Equal(0, await run.InterruptAsync());
    }

    [Fact]
    public async Task What_runs_and_waits_in_the_process_is_on_every_page_and_that_there_is_no_broker()
    {
        var file = await FileAsync("""
            {"requestId": "live", "adjacencyList": {"make": ["nap", "flop"], "nap": ["last"], "flop": ["last"]}, "jobs": {
                "make": {"type": "shell-command", "bytes": {"cmd": "/bin/echo", "args": ["made"]}},
                "nap": {"type": "sleep", "bytes": {"duration": 3600000000000}},
                "flop": {"type": "shell-command", "bytes": {"cmd": "/bin/false"}, "retry": 1, "retryWait": "1h"},
                "last": {"type": "noop"}}}
            """);
        await using var run = Run(file);
        await using var visitor = await browser.VisitAsync(Address);
        await visitor.OpenAsync(await PageAsync(run));
        await visitor.SeesAsync("#runs", "nap");
        await visitor.SeesAsync("#runs", "WAITING");
        await visitor.SeesAsync("#chain", "RUNNING, 1 of 4 jobs COMPLETE");
        await visitor.SeesAsync("#job-last", "waits for ");
        await visitor.SeesAsync("#job-flop", "waits for try 2");
        await Assertions.Expect(visitor.Page.GetByRole(AriaRole.Link, new() { Name = "make COMPLETE 1 try", Exact = true })).ToBeVisibleAsync();

        await NoBrokerIsSaidAsync(visitor);
        await visitor.OpenAsync("workers");
        await visitor.SeesAsync("main", $".{run.Id}.");
        await visitor.OpenAsync("jobs");
        await visitor.SeesAsync("#jobs", "nap");
        await visitor.OpenAsync("");
        await visitor.SeesAsync("#running", "of 16 slots");
        await visitor.OpenAsync("chains");
        await visitor.SeesAsync("#chains tbody tr", "of 4 jobs");
        Assert.Empty(visitor.Errors);
        Assert.Equal(130, await run.InterruptAsync());
        File.Delete(file);
    }

    private static async Task NoBrokerIsSaidAsync(Visitor visitor)
    {
        foreach (var page in new[] { "errors", "broker" })
        {
            await visitor.OpenAsync(page);
            await visitor.SeesAsync("main", "There is no broker here");
            await Assertions.Expect(visitor.Page.Locator(".trouble p")).ToHaveCountAsync(0);
            await AccessibilityTests.FindsNothingAsync(visitor);
        }
    }

    [Fact]
    public async Task A_run_that_has_failed_is_on_the_page_and_its_exit_code_says_so_after_Ctrl_c()
    {
        var file = await FileAsync("""{"requestId": "fails", "jobs": {"fail": {"type": "shell-command", "bytes": {"cmd": "/bin/false"}}, "late": {"type": "noop"}}, "adjacencyList": {"fail": ["late"]}}""");
        await using var run = Run(file);
        await PageAsync(run);
        await using var visitor = await browser.VisitAsync(Address);
        await visitor.OpenAsync("");
        await visitor.SeesAsync("#failed", "1");
        await visitor.Page.GetByRole(AriaRole.Link, new() { Name = "fails" }).ClickAsync();
        await visitor.SeesAsync("#chain", "FAIL, 0 of 2 jobs COMPLETE");
        await visitor.SeesAsync("#tries", "exit status 1");
        Assert.Empty(visitor.Errors);

        // Its server waits half a minute for a page that gets in again as it ends.
        var clock = Stopwatch.StartNew();
        Assert.Equal(1, await run.InterruptAsync());
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        File.Delete(file);
    }

    [Fact]
    public async Task A_file_that_takes_both_outputs_has_all_lines()
    {
        var file = Path.Combine(Path.GetTempPath(), $"dashboard-run-{Guid.NewGuid():N}.txt");
        var program = $"dotnet {Path.Combine(AppContext.BaseDirectory, "jobrunner.dll")} run examples/one-job.json --dashboard --port {_port}";
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec {program} > {file} 2>&1"]) { WorkingDirectory = Repository.Root };
        start.Environment["JobRunner__JobLogStore__Path"] = $"{file}.db";
        using var shell = Process.Start(start)!;
        await Eventually.HoldsAsync("it has come to its end", () => File.Exists(file) && File.ReadAllText(file).Contains("the dashboard stays at", StringComparison.Ordinal));
        using var kill = Process.Start("kill", ["-INT", $"{shell.Id}"]);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        var lines = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(0, shell.ExitCode);
        Assert.StartsWith("jobrunner: the dashboard of this run is at ", lines, StringComparison.Ordinal);
        Assert.Contains("1 of 1 job COMPLETE", lines, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Ctrl_c_stops_the_jobs_first_and_a_port_in_use_keeps_them_from_starting()
    {
        var file = await FileAsync("""{"job": {"id": "naps", "type": "sleep", "bytes": {"duration": 3600000000000}}}""");
        await using var run = Run(file);
        await PageAsync(run);
        Assert.Equal(130, await run.InterruptAsync());
        Assert.Contains("STOPPED", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("stays", run.Output, StringComparison.Ordinal);

        using var other = new TcpListener(IPAddress.Loopback, _port);
        other.Start();
        await using var second = Run(file);
        Assert.Equal(1, await second.ExitCodeAsync());
        Assert.StartsWith($"jobrunner: port {_port} cannot be opened", Assert.Single(second.Output.Split('\n')), StringComparison.Ordinal);
        File.Delete(file);
    }
}
