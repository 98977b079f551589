using System.Globalization;
using System.Text.Json;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.ChaosWorker;

/// <summary>
/// A job that says to the test when each try begins, by whose worker and in which run, and ends when the test says so.
/// It counts the tries that ran to their end in its job data, and fails until it has counted enough of them.
/// </summary>
internal sealed class ChaosTry : IJob
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private static readonly string Worker = Environment.GetEnvironmentVariable("CHAOS_WORKER") ?? "unnamed";

    private string _url = "";
    private int _fails;
    private int _takes;

    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        using var json = JsonDocument.Parse(bytes.ToArray());
        _url = json.RootElement.GetProperty("url").GetString()!;
        _fails = json.RootElement.GetProperty("fails").GetInt32();
        _takes = json.RootElement.GetProperty("takes").GetInt32();
    }

    public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        // By this process' own clock: the word of it may be late.
        var at = DateTimeOffset.UtcNow.Ticks;
        var run = (int?)context.JobData["run"] ?? 0;
        var done = (int?)context.JobData["done"] ?? 0;
        try
        {
            using var answer = await Http.GetAsync(
                new Uri(string.Create(CultureInfo.InvariantCulture, $"{_url}/{Worker}/{context.Job.Id}/{run}/{context.Try}/{_takes}/{at}")), stopToken);
            answer.EnsureSuccessStatusCode();
        }
        catch (OperationCanceledException) when (stopToken.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }

        if (stopToken.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }

        context.JobData["done"] = ++done;
        return done > _fails ? JobResult.Complete(Worker) : JobResult.Fail($"failure {done} of {_fails}, as planned");
    }
}
