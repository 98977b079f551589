using System.Text.Json.Nodes;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>RunJob as MassTransit sees it: consumed, published, faulted.</summary>
public sealed class RunJobConsumerTests
{
    [Fact]
    public async Task A_command_is_consumed_and_its_log_and_its_end_are_published()
    {
        await using var worker = await WorkerHarness.StartAsync();
        worker.Scripts["j"] = (_, _) => Task.FromResult(JobResult.Complete("done"));

        await worker.Bus.Bus.Publish(Worker.Command());

        Assert.True(await worker.Bus.GetConsumerHarness<RunJobConsumer>().Consumed.Any<RunJob>(consumed => consumed.Exception is null));
        Assert.True(await worker.Bus.Published.Any<JobLogRecorded>(log => log.Context.Message is { Try: 1, State: JobState.Complete, Stdout: "done" }));
        Assert.True(await worker.Bus.Published.Any<JobFinished>(end => end.Context.Message is { JobId: "j", FinalState: JobState.Complete, Tries: 1 }));
    }

    [Fact]
    public async Task A_command_is_not_consumed_before_its_run_has_ended()
    {
        await using var worker = await WorkerHarness.StartAsync();
        var (runs, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        worker.Scripts["j"] = async (_, _) =>
        {
            runs.SetResult();
            await go.Task;
            return JobResult.Complete();
        };
        await worker.Bus.Bus.Publish(Worker.Command());
        await runs.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Empty(worker.Bus.Consumed.Select<RunJob>(new CancellationToken(canceled: true)));
        go.SetResult();

        Assert.True(await worker.Bus.Consumed.Any<RunJob>());
        Assert.Single(worker.Bus.Published.Select<JobFinished>(new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task A_command_that_cannot_be_run_is_faulted_kept_in_the_error_queue_and_its_scheduler_told()
    {
        await using var worker = await WorkerHarness.StartAsync();
        var kept = new TaskCompletionSource<string?>();
        await worker.Bus.Bus.ConnectReceiveEndpoint("run-job_error", endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.Handler<RunJob>(context =>
            {
                kept.SetResult(context.ReceiveContext.TransportHeaders.Get<string>(MessageHeaders.FaultMessage));
                return Task.CompletedTask;
            });
        }).Ready;

        await worker.Bus.Bus.Publish(Worker.Command() with { PrevTries = 7, TotalTries = 9 });

        Assert.True(await worker.Bus.GetConsumerHarness<RunJobConsumer>().Consumed.Any<RunJob>(consumed => consumed.Exception is RefusedException));
        Assert.True(await worker.Bus.Published.Any<JobFinished>(end =>
            end.Context.Message is { JobId: "j", FinalState: JobState.Fail, PrevTries: 7, TotalTries: 9, Error: { } error } && error.Contains("prevTries is 7", StringComparison.Ordinal)));
        Assert.Contains("prevTries is 7", await kept.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_command_that_fails_by_an_error_of_the_worker_is_tried_again_and_its_scheduler_hears_of_its_end_alone()
    {
        var reads = 0;
        await using var worker = await WorkerHarness.StartAsync(services => services.AddSingleton(Runs.Fake.Of<IJobJournal>(
            (nameof(IJobJournal.ReadAsync), _ => ++reads == 1
                ? Task.FromException<IReadOnlyList<JournalEntry>>(new InvalidOperationException("the worker's own"))
                : Task.FromResult<IReadOnlyList<JournalEntry>>([])),
            (nameof(IJobJournal.KeepStartAsync), _ => Task.CompletedTask))));
        worker.Scripts["j"] = (_, _) => Task.FromResult(JobResult.Complete());

        await worker.Bus.Bus.Publish(Worker.Command(), context => context.Headers.Set("jobrunner-delivered-before", "yes"));

        Assert.True(await worker.Bus.Published.Any<JobFinished>(end => end.Context.Message.FinalState == JobState.Complete));
        await Eventually.HoldsAsync("both deliveries are consumed", () => worker.Bus.Consumed.Select<RunJob>(new CancellationToken(canceled: true)).Count() == 2);
        Assert.All(worker.Bus.Consumed.Select<RunJob>(new CancellationToken(canceled: true)), consumed => Assert.Null(consumed.Exception));
        Assert.Single(worker.Bus.Published.Select<JobFinished>(new CancellationToken(canceled: true)));
        Assert.Equal(2, reads);
    }

    [Fact]
    public async Task A_command_that_the_worker_failed_to_run_too_often_is_told_with_the_counters_and_the_data_of_its_logged_tries()
    {
        await using var worker = await WorkerHarness.StartAsync(services => services
            .AddSingleton(Runs.Fake.Of<IJobJournal>(
                (nameof(IJobJournal.ReadAsync), _ => Task.FromResult<IReadOnlyList<JournalEntry>>(
                [
                    new JobDataChanged(6, new JsonObject { ["of"] = "try 6" }),
                    new TryLogged(new JobLogRecorded { RequestId = "r", JobId = "j", Try = 6, State = JobState.Fail, StartedAt = 1 }),
                    new TryLogged(new JobLogRecorded { RequestId = "r", JobId = "j", Try = 7, State = JobState.Fail, StartedAt = 1 }),
                ])),
                (nameof(IJobJournal.DeliverAsync), _ => Task.CompletedTask),
                (nameof(IJobJournal.KeepStartAsync), _ => throw new InvalidOperationException("the worker's own")))));

        await worker.Bus.Bus.Publish(Worker.Command(retry: 5) with { PrevTries = 1, TotalTries = 5 }, context =>
        {
            context.Headers.Set("jobrunner-delivered-before", "yes");
            context.Headers.Set("jobrunner-failures", "5");
        });

        Assert.True(await worker.Bus.Published.Any<JobFinished>());
        var end = worker.Bus.Published.Select<JobFinished>(new CancellationToken(canceled: true)).Single().Context.Message;
        Assert.Equal((JobState.Fail, 2, 3, 7, "try 6"), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries, (string?)end.JobData["of"]));
        Assert.Contains("failed 6 times", end.Error, StringComparison.Ordinal);
    }
}
