using System.Text;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>The wire is a promise: a change of any of these files breaks somebody's scheduler.</summary>
public sealed class WireSnapshotTests
{
    [Fact]
    public void RunJob_is_written_exactly_so() => Check(Samples.RunJob, "RunJob");

    [Fact]
    public void A_RunJob_of_nothing_is_written_exactly_so() => Check(new RunJob(), "RunJob.empty");

    [Fact]
    public void StopJob_is_written_exactly_so() => Check(Samples.StopJob, "StopJob");

    [Fact]
    public void A_StopJob_for_a_whole_request_is_written_exactly_so() =>
        Check(new StopJob { RequestId = "r" }, "StopJob.request");

    [Fact]
    public void StopJobReply_is_written_exactly_so() => Check(Samples.StopJobReply, "StopJobReply");

    [Fact]
    public void JobLogRecorded_is_written_exactly_so() => Check(Samples.JobLog, "JobLogRecorded");

    [Fact]
    public void JobFinished_is_written_exactly_so() => Check(Samples.JobFinished, "JobFinished");

    [Fact]
    public void GetRunnerStatus_is_written_exactly_so() => Check(Samples.GetRunnerStatus, "GetRunnerStatus");

    [Fact]
    public void A_GetRunnerStatus_for_everything_is_an_empty_object() => Check(new GetRunnerStatus(), "GetRunnerStatus.all");

    [Fact]
    public void RunnerStatus_is_written_exactly_so() => Check(Samples.RunnerStatus, "RunnerStatus");

    [Fact]
    public void A_GetRunnerStatus_with_a_summary_is_written_exactly_so() =>
        Check(new GetRunnerStatus { Summary = true }, "GetRunnerStatus.summary");

    [Fact]
    public void WorkerStatus_is_written_exactly_so() => Check(Samples.WorkerStatus, "WorkerStatus");

    [Fact]
    public void RunnerStatuses_is_written_exactly_so() => Check(new RunnerStatuses { Runners = [Samples.RunnerStatus] }, "RunnerStatuses");

    [Fact]
    public void DrainWorker_is_written_exactly_so() => Check(new DrainWorker { By = "ada" }, "DrainWorker");

    [Fact]
    public void JobChain_is_written_exactly_so() => Check(Samples.JobChain, "JobChain");

    private static void Check<T>(T message, string name)
        where T : class
    {
        var snapshot = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", $"{name}.json")).TrimEnd('\n');
        var written = Wire.Serialize(message);

        Assert.Equal(snapshot, Encoding.UTF8.GetString(written));
        Assert.Equal(written, Wire.Serialize(Wire.Deserialize<T>(written)));
    }
}
