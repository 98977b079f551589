using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// Many stops at jobs in every state, three workers, one of them killed and replaced midway. Environment variable
/// <c>STOPS_PER_STATE</c> sets how many (30); the latencies are in the test's output.
/// </summary>
public sealed class StopsEverywhereTests(Broker broker, ITestOutputHelper output)
{
    private const int Workers = 3;

    // As many as run at once: a slot more, and one that should be queued would run.
    private static readonly int SlotsPerWorker =
        (int.Parse(Environment.GetEnvironmentVariable("STOPS_PER_STATE") ?? "30", CultureInfo.InvariantCulture) + Workers - 1) / Workers;

    private static readonly int PerState = SlotsPerWorker * Workers;

    private readonly ConcurrentDictionary<string, DateTimeOffset> _askedAt = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _answeredAt = new();
    private readonly ConcurrentDictionary<string, (DateTimeOffset At, JsonNode End)> _ends = new();
    private string _replies = "";

    [Fact]
    public async Task Stops_at_queued_running_waiting_and_unsent_jobs_all_end_STOPPED_and_no_try_starts_after_its_answer()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Slots"] = $"{SlotsPerWorker}" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var third = await stage.AddWorkerAsync(settings);
        await stage.AddWorkerAsync(settings);
        await ListenAsync(stage);
        var request = Stage.NewRequestId();

        // Each waiting job has failed once; its wait ends after the stops, for those whose worker is killed meanwhile.
        foreach (var job in Jobs("w"))
        {
            await SendAsync(stage, request, job, "shell-command", """{"cmd":"/bin/false"}""", ""","retry":3,"retryWait":"25s" """);
        }

        await Eventually.HoldsAsync("one waits", () => stage.Worker.Output.Contains("Run goes on elsewhere", StringComparison.Ordinal));
        await Eventually.HoldsAsync("all wait", async () => await stage.Client.CountAsync("run-job.wait.25s") == PerState);
        foreach (var job in Jobs("r"))
        {
            await SendAsync(stage, request, job, "sleep", """{"duration":600000000000}""");
        }

        await Eventually.HoldsAsync("all run", async () => await stage.Client.CountAsync("run-job") == 0);
        foreach (var job in Jobs("q"))
        {
            await SendAsync(stage, request, job, "sleep", """{"duration":600000000000}""");
        }

        await Eventually.HoldsAsync("all are queued", async () => await stage.Client.CountAsync("run-job") == PerState);
        var unsent = Jobs("u").ToDictionary(job => job, _ => DateTimeOffset.UtcNow);

        var stops = 0;
        foreach (var job in Jobs("u").Concat(Jobs("q")).Concat(Jobs("r").Zip(Jobs("w"), (one, two) => new[] { one, two }).SelectMany(pair => pair)))
        {
            await StopAsync(stage, request, job);
            if (++stops == 3 * PerState)
            {
                await third.KillAsync();
                await stage.AddWorkerAsync(settings);
            }
        }

        foreach (var (job, sentAt) in unsent)
        {
            await SendAsync(stage, request, job, "sleep", """{"duration":600000000000}""", sentAt: sentAt);
        }

        await Eventually.HoldsAsync("all jobs end", () => _ends.Count == 4 * PerState, TimeSpan.FromMinutes(3));
        Assert.All(_ends.Values, end => Assert.Equal(6, (int)end.End["finalState"]!));
        await Eventually.HoldsAsync("every log is delivered", () => stage.RequestManager.Rows.Count == _ends.Values.Sum(end => (int)end.End["totalTries"]!));
        Assert.All(stage.RequestManager.Rows, row =>
        {
            Assert.Contains(row.JobId[0], "rw");
            Assert.Equal(1, row.Try);
            var started = DateTimeOffset.FromUnixTimeMilliseconds(row.StartedAt / 1_000_000);
            Assert.True(!_answeredAt.TryGetValue(row.JobId, out var answered) || started <= answered, $"a try of {row.JobId} started after its stop was answered");
        });
        Report("running", "r");
        Report("waiting", "w");
    }

    private static IEnumerable<string> Jobs(string kind) => Enumerable.Range(0, PerState).Select(number => $"{kind}{number:x3}");

    private void Report(string what, string kind)
    {
        var took = Jobs(kind).Select(job => (_ends[job].At - _askedAt[job]).TotalMilliseconds).Order().ToList();
        output.WriteLine(
            $"{PerState} stops of {what} jobs, from publish to JobFinished: p50 {took[took.Count / 2]:f1} ms, p99 {took[took.Count * 99 / 100]:f1} ms, max {took[^1]:f1} ms");
    }

    private async Task ListenAsync(Stage stage)
    {
        var ends = await stage.Client.Channel.QueueDeclareAsync();
        await stage.Client.Channel.QueueBindAsync(ends.QueueName, "job-finished", "");
        var answers = await stage.Client.Channel.QueueDeclareAsync();
        _replies = answers.QueueName;
        await ConsumeAsync(ends.QueueName, end => _ends.TryAdd((string)end["jobId"]!, (DateTimeOffset.UtcNow, end)));
        await ConsumeAsync(_replies, answer => _answeredAt.TryAdd((string)answer["jobId"]!, DateTimeOffset.UtcNow));

        async Task ConsumeAsync(string queue, Action<JsonNode> take)
        {
            var consumer = new AsyncEventingBasicConsumer(stage.Client.Channel);
            consumer.ReceivedAsync += (_, delivery) =>
            {
                take(JsonNode.Parse(delivery.Body.Span)!);
                return Task.CompletedTask;
            };
            await stage.Client.Channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        }
    }

    private Task StopAsync(Stage stage, string request, string job)
    {
        var now = _askedAt[job] = DateTimeOffset.UtcNow;
        return stage.Client.SendAsync(
            "stop-job", $$"""{"requestId":"{{request}}","jobId":"{{job}}","sentAt":"{{now:O}}"}""", new BasicProperties { ReplyTo = _replies });
    }

    private static Task SendAsync(
        Stage stage, string request, string job, string type, string bytes, string more = "", DateTimeOffset? sentAt = null) =>
        stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"{{job}}","type":"{{type}}","bytes":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(bytes))}}"{{more}} },"sentAt":"{{sentAt ?? DateTimeOffset.UtcNow:O}}"}
            """);
}
