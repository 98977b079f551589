using System.Reflection;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Tests.Topology;

/// <summary>The names and arguments on the broker: schedulers, operators and older workers rely on every one.</summary>
public sealed class NamesTests
{
    [Fact]
    public void The_names_on_the_broker_have_not_changed() => Assert.Equal(
        [
            "DrainWorker = worker.drain",
            "GetRunnerStatus = get-runner-status",
            "JobFinished = job-finished",
            "JobJournal = job-journal",
            "JobLogRecorded = job-log-recorded",
            "NoWait = now",
            "RunJob = run-job",
            "RunJobWait = run-job.wait",
            "RunLease = run-lease",
            "StopJob = stop-job",
        ],
        Constants(typeof(Names)));

    [Fact]
    public void Names_of_queues_are_made_from_them()
    {
        Assert.Equal("run-job.wait.1m30s", Names.WaitQueue("1m30s"));
        Assert.Equal("job-log-recorded.delay.30s", Names.DelayQueue("30s"));
        Assert.Equal("run-job_error", Names.ErrorQueue(Names.RunJob));
    }

    [Fact]
    public void The_headers_between_workers_have_not_changed() => Assert.Equal(
        [
            "At = jobrunner-at",
            "CaughtUp = jobrunner-caught-up",
            "CommandSentAt = jobrunner-command-sent-at",
            "DeliveredBefore = jobrunner-delivered-before",
            "DueAt = jobrunner-due-at",
            "Failures = jobrunner-failures",
            "FirstSeen = jobrunner-first-seen",
            "FirstTriedAt = jobrunner-first-tried-at",
            "HeadersDropped = jobrunner-headers-dropped",
            "JobDataOfTry = jobrunner-job-data-of-try",
            "Leg = jobrunner-leg",
            "LogsAccepted = jobrunner-logs-accepted",
            "PublishedTo = jobrunner-published-to",
            "RedeliveredAt = jobrunner-put-off-at",
            "Redeliveries = jobrunner-put-offs",
            "RunStartedAt = jobrunner-run-started-at",
            "SeenAt = jobrunner-seen-at",
            "Settled = jobrunner-settled",
            "StartedAgain = jobrunner-started-again",
            "TriesBefore = jobrunner-tries-before",
            "WaitLeft = jobrunner-wait-left",
        ],
        Constants(typeof(WorkerHeaders)));

    [Fact]
    public void Queues_that_hold_work_are_quorum_queues() =>
        Assert.Equal(new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 1_000_000 }, BrokerTopology.QuorumArguments());

    [Fact]
    public void Redelivered_logs_come_back_to_their_queue_alone_and_are_lost_in_no_crash() => Assert.Equal(
        new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = 1_000_000,
            ["x-message-ttl"] = 30_000L,
            ["x-dead-letter-exchange"] = "",
            ["x-dead-letter-routing-key"] = "job-log-recorded",
            ["x-dead-letter-strategy"] = "at-least-once",
            ["x-overflow"] = "reject-publish",
        },
        BrokerTopology.ReturningArguments(TimeSpan.FromSeconds(30), exchange: "", Names.JobLogRecorded));

    [Fact]
    public void Stops_are_a_stream_kept_for_their_retention() => Assert.Equal(
        new Dictionary<string, object?>
        {
            ["x-queue-type"] = "stream",
            ["x-max-age"] = "604800s",
            ["x-stream-max-segment-size-bytes"] = 1_000_000L,
        },
        BrokerTopology.StopStreamArguments(new WorkerOptions()));

    [Fact]
    public void A_retention_of_part_of_a_second_is_written_in_whole_ones() => Assert.Equal(
        "90s", BrokerTopology.StopStreamArguments(new WorkerOptions { StopRetention = TimeSpan.FromSeconds(90.5) })["x-max-age"]);

    [Theory]
    [InlineData("run-job", true)]
    [InlineData("run-job_error", true)]
    [InlineData("run-job.wait.30s", true)]
    [InlineData("job-log-recorded.delay.5s", true)]
    [InlineData("get-runner-status.host.7.abcd", true)]
    [InlineData("run-job-results", false)]
    [InlineData("scheduler.run-job", false)]
    [InlineData("amq.gen-JzTY20BRgKO", false)]
    public void The_workers_own_queues_are_known_by_name(string queue, bool own) => Assert.Equal(own, Names.IsWorkersOwn(queue));

    private static IEnumerable<string> Constants(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(field => field.IsLiteral)
        .Select(field => $"{field.Name} = {field.GetRawConstantValue()}")
        .Order(StringComparer.Ordinal);
}
