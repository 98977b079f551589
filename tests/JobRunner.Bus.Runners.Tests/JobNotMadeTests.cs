using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R9: a job that cannot be made.</summary>
public sealed class JobNotMadeTests
{
    [Fact]
    public async Task It_leaves_one_log_without_times_under_the_number_of_the_try_that_would_have_come()
    {
        using var rig = new Rig();
        var command = Rig.Command(retry: 3, prevTries: 1, totalTries: 4) with { JobData = new() { ["k"] = 1 } };
        var cause = new UnknownJobTypeException("jtype", ["b", "a"]);

        var ret = await rig.Factory(new Broken(cause)).Make(command).RunAsync().InTime();

        const string Message = "problem creating job runner: unknown job type \"jtype\"; this worker knows a, b";
        Assert.Equal(
            new JobLogRecorded
            {
                RequestId = "abc",
                JobId = "j1",
                Name = "jname",
                Type = "jtype",
                Try = 5,
                StartedAt = 0,
                FinishedAt = 0,
                State = JobState.Fail,
                Exit = 1,
                Error = Message,
            },
            Assert.Single(rig.Logs.Accepted));
        Assert.Equal(
            new Return
            {
                FinalState = JobState.Fail,
                Tries = 0,
                Next = new TryCounters(1, 5),
                JobData = command.JobData,
                Error = Message,
            },
            ret);
    }

    [Fact]
    public void A_worker_that_knows_no_job_type_says_so() =>
        Assert.Equal("unknown job type \"x\"; this worker knows none", new UnknownJobTypeException("x", []).Message);

    private sealed class Broken(Exception error) : IJobFactory
    {
        public MadeJob Make(Job job) => throw error;
    }
}
