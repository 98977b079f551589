using System.Diagnostics;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>Schedulers that are not .NET: the Python example, and the command-line tools of rabbitmq-c.</summary>
public sealed class ForeignClientTests(Broker broker)
{
    [Fact]
    public async Task The_Python_scheduler_of_the_examples_runs_stops_and_resumes_its_jobs()
    {
        await using var stage = await Stage.SetAsync(broker);

        var (exit, output) = await RunAsync("/usr/bin/python3", "examples/scheduler.py", stage.Uri.ToString());

        Assert.True(exit == 0, output);
        Assert.Contains("stopped-while-running", output);
        await Eventually.HoldsAsync("its logs at the Request Manager", () => stage.RequestManager.Rows.Count == 3);
        Assert.Equal([3, 6, 3], stage.Finished.Select(end => (int)JsonNode.Parse(end.Body)!["finalState"]!));
    }

    [Fact]
    public async Task The_Python_scheduler_goes_on_with_its_results_when_it_loses_its_connection()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var proxy = TcpProxy.Start(broker.Node.Port);

        var running = RunAsync("/usr/bin/python3", "examples/scheduler.py", new UriBuilder(stage.Uri) { Port = proxy.Port }.Uri.ToString());
        await Eventually.HoldsAsync(() => "the first job ends", () => !stage.Finished.IsEmpty || running.IsCompleted);
        proxy.Cut();

        var (exit, output) = await running;
        Assert.True(exit == 0, output);
        Assert.Equal([3, 6, 3], stage.Finished.Select(end => (int)JsonNode.Parse(end.Body)!["finalState"]!));
        Assert.DoesNotContain("scheduler.example", await broker.Node.ControlAsync("list_queues", "-p", stage.Uri.AbsolutePath[1..], "name"));
    }

    [Fact]
    public async Task Amqp_publish_of_a_plain_body_runs_a_job()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();

        var (exit, output) = await RunAsync(
            "amqp-publish",
            $"--url={stage.Uri}",
            "--exchange=run-job",
            $$$"""--body={"requestId":"{{{request}}}","job":{"id":"aB3d","name":"nap","type":"sleep","bytes":"eyJkdXJhdGlvbiI6IDEwMDAwMDAwMDB9","retry":0,"sequenceId":"","sequenceRetry":0},"jobData":{},"prevTries":0,"totalTries":0}""");

        Assert.True(exit == 0, output);
        var end = await stage.FinishedAsync(request, "aB3d");
        Assert.Equal((3, 1), ((int)end["finalState"]!, (int)end["tries"]!));
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows is [{ Name: "nap", Type: "sleep" }]);
    }

    private static async Task<(int Exit, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        })!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, string.Concat(await output));
    }
}
