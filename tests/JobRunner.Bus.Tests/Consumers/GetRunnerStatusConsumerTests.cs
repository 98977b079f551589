using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Tests.Runs;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>Questions to a worker, as an AMQP client asks them: with a queue for the answers.</summary>
public sealed class GetRunnerStatusConsumerTests
{
    private readonly Answers _answers = new();

    [Fact]
    public async Task Each_run_held_here_is_told_and_the_worker_itself_where_a_summary_is_asked_for()
    {
        await using var worker = await StartAsync(new BasicProperties { ReplyTo = "me", CorrelationId = "c1" });
        await HoldAsync(worker, "a");
        await HoldAsync(worker, "b");

        worker.Get<WorkerReadiness>().Set("draining");

        await AskAsync(worker, new GetRunnerStatus { Summary = true });

        Assert.True(await worker.Bus.GetConsumerHarness<GetRunnerStatusConsumer>().Consumed.Any<GetRunnerStatus>(consumed => consumed.Exception is null));
        Assert.Equal(["a", "b"], _answers.Sent.Select(sent => sent.Answer).OfType<RunnerStatus>().Select(status => status.JobId).Order());
        var summary = Assert.Single(_answers.Sent.Select(sent => sent.Answer).OfType<WorkerStatus>());
        Assert.Equal((worker.Get<WorkerName>().Value, 2), (summary.Worker, summary.Runners));
        Assert.Equal(("Run,Report", "draining"), (summary.Roles, summary.NotReady));
        Assert.Matches(@"^\d+\.\d+\.\d+$", summary.Version);
        Assert.InRange(DateTimeOffset.UnixEpoch.AddTicks(summary.StartedAt / 100), DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow);
        Assert.All(_answers.Sent, sent => Assert.Equal(new ReplyAddress("me", "c1"), sent.To));
    }

    [Fact]
    public async Task Who_asks_for_one_job_hears_of_that_one()
    {
        await using var worker = await StartAsync(new BasicProperties { ReplyTo = "me" });
        await HoldAsync(worker, "a");
        await HoldAsync(worker, "b");

        await AskAsync(worker, new GetRunnerStatus { RequestId = "r", JobId = "b" });

        Assert.True(await worker.Bus.Consumed.Any<GetRunnerStatus>());
        Assert.Equal("b", Assert.IsType<RunnerStatus>(Assert.Single(_answers.Sent).Answer).JobId);
    }

    [Fact]
    public async Task Who_names_no_queue_for_the_answer_gets_none()
    {
        await using var worker = await StartAsync(new BasicProperties());
        await HoldAsync(worker, "a");

        await AskAsync(worker, new GetRunnerStatus { Summary = true });

        Assert.True(await worker.Bus.Consumed.Any<GetRunnerStatus>(consumed => consumed.Exception is null));
        Assert.Empty(_answers.Sent);
    }

    [Fact]
    public async Task Who_reads_many_runs_in_one_message_gets_them_so_and_the_summary_last()
    {
        await using var worker = await StartAsync(new BasicProperties { ReplyTo = "me" });
        await HoldAsync(worker, "a");
        await HoldAsync(worker, "b");

        await AskAsync(worker, new GetRunnerStatus { Summary = true, Together = true });

        Assert.True(await worker.Bus.GetConsumerHarness<GetRunnerStatusConsumer>().Consumed.Any<GetRunnerStatus>(consumed => consumed.Exception is null));
        Assert.Equal(2, _answers.Sent.Count);
        Assert.Equal(["a", "b"], Assert.IsType<RunnerStatuses>(_answers.Sent.First().Answer).Runners.Select(run => run.JobId).Order());
        Assert.IsType<WorkerStatus>(_answers.Sent.Last().Answer);
    }

    [Fact]
    public async Task A_run_that_has_a_great_deal_to_say_of_itself_is_told_alone()
    {
        await using var worker = await StartAsync(new BasicProperties { ReplyTo = "me" });
        await HoldAsync(worker, "a", new string('x', 1_000_000));

        await AskAsync(worker, new GetRunnerStatus { Together = true });

        Assert.True(await worker.Bus.GetConsumerHarness<GetRunnerStatusConsumer>().Consumed.Any<GetRunnerStatus>(consumed => consumed.Exception is null));
        Assert.Equal("a", Assert.IsType<RunnerStatus>(Assert.Single(_answers.Sent).Answer).JobId);
    }

    private Task<WorkerHarness> StartAsync(IReadOnlyBasicProperties properties) =>
        WorkerHarness.StartAsync(services => services.AddSingleton<IReplies>(_answers), new FromBroker(properties));

    private static async Task HoldAsync(WorkerHarness worker, string jobId, string status = "")
    {
        var runs = new TaskCompletionSource();
        worker.Scripts[jobId] = (context, stop) =>
        {
            context.ReportStatus(status);
            runs.SetResult();
            return Scripts.UntilStoppedAsync(context, stop);
        };
        await worker.Bus.Bus.Publish(Worker.Command(jobId));
        await runs.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    private static async Task AskAsync(WorkerHarness worker, GetRunnerStatus question)
    {
        var endpoint = await worker.Bus.Bus.GetSendEndpoint(new Uri($"queue:get-runner-status.{worker.Get<WorkerName>()}"));
        await endpoint.Send(question);
    }
}
