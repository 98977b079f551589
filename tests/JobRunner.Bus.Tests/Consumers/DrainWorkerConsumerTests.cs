using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>A worker that is told to drain.</summary>
public sealed class DrainWorkerConsumerTests
{
    private readonly Answers _answers = new();

    [Fact]
    public async Task What_runs_is_handed_over_and_the_worker_tells_how_far_it_is()
    {
        await using var worker = await StartAsync();
        var run = new TaskCompletionSource();
        var mayEnd = new TaskCompletionSource();
        worker.Scripts["a"] = async (_, _) =>
        {
            run.SetResult();
            await mayEnd.Task;
            return JobResult.Complete();
        };
        await worker.Bus.Bus.Publish(Worker.Command("a"));
        await run.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await TellAsync(worker, "ada");
        await Eventually.HoldsAsync("it drains", () => worker.Get<DrainSignal>().Stage == WorkerStatus.Draining);
        Assert.Equal("draining, told by ada", worker.Get<WorkerReadiness>().NotReady);
        mayEnd.SetResult();
        await Eventually.HoldsAsync("it is drained", () => worker.Get<DrainSignal>().Stage == WorkerStatus.Drained);
        await TellAsync(worker, "bob");

        await Eventually.HoldsAsync("both were answered", () => _answers.Sent.Count == 2);
        var last = Assert.IsType<WorkerStatus>(_answers.Sent.Last().Answer);
        Assert.Equal(("drained", "drained, told by ada", 0), (last.Drain, last.NotReady, last.SlotsInUse));
        Assert.True(await worker.Bus.Published.Any<JobFinished>(published => published.Context.Message.JobId == "a"));
    }

    [Theory]
    [InlineData(null, "somebody who gave no name")]
    [InlineData("  ", "somebody who gave no name")]
    [InlineData(200, "")]
    public async Task Whoever_told_it_is_named_and_not_at_any_length(object? by, string named)
    {
        await using var worker = await StartAsync();
        var name = by is int length ? new string('x', length + 1) : (string?)by;

        await TellAsync(worker, name);

        await Eventually.HoldsAsync("it is drained", () => worker.Get<DrainSignal>().Stage == WorkerStatus.Drained);
        Assert.Equal($"drained, told by {(by is int most ? new string('x', most) : named)}", worker.Get<WorkerReadiness>().NotReady);
    }

    private Task<WorkerHarness> StartAsync() =>
        WorkerHarness.StartAsync(services => services.AddSingleton<IReplies>(_answers), new FromBroker(new BasicProperties { ReplyTo = "me" }));

    private static async Task TellAsync(WorkerHarness worker, string? by)
    {
        var endpoint = await worker.Bus.Bus.GetSendEndpoint(new Uri($"queue:worker.drain.{worker.Get<WorkerName>()}"));
        await endpoint.Send(new DrainWorker { By = by });
        Assert.True(await worker.Bus.GetConsumerHarness<DrainWorkerConsumer>().Consumed.Any<DrainWorker>(consumed => consumed.Exception is null));
    }
}
