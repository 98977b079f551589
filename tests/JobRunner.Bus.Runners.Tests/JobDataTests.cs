using System.Text.Json.Nodes;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R7: data from job to job and from try to try.</summary>
public sealed class JobDataTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task What_a_failed_try_writes_the_next_one_sees_and_the_run_returns()
    {
        var command = Rig.Command(retry: 2) with { JobData = new() { ["tries"] = 0, ["deep"] = new JsonObject { ["x"] = 1 } } };
        var job = FakeJob.Does(context =>
        {
            context.JobData["tries"] = (int)context.JobData["tries"]! + 1;
            context.JobData["deep"]!["x"] = context.Try * 10;
            return (int)context.JobData["tries"]! == 3 ? JobResult.Complete() : JobResult.Fail("no");
        });

        var ret = await _rig.Make(job, command).RunAsync().InTime();

        Assert.Equal("""{"tries":3,"deep":{"x":30}}""", ret.JobData.ToJsonString());
        Assert.Equal("""{"tries":0,"deep":{"x":1}}""", command.JobData.ToJsonString());
    }

    [Fact]
    public async Task Data_that_a_try_changed_is_kept_before_its_log_and_unchanged_data_is_not()
    {
        var job = FakeJob.Does(context =>
        {
            if (context.Try != 2)
            {
                context.JobData["by"] = context.Try;
            }

            return JobResult.Fail("no");
        });

        await _rig.Make(job, Rig.Command(retry: 2)).RunAsync().InTime();

        Assert.Equal([(1L, """{"by":1}""", 0), (3L, """{"by":3}""", 2)], _rig.Logs.KeptJobData);
    }

    [Fact]
    public async Task What_a_try_wrote_before_it_threw_is_kept()
    {
        var job = FakeJob.Does(context =>
        {
            context.JobData["step"] = "half";
            throw new InvalidOperationException("broke");
        });

        var ret = await _rig.Make(job).RunAsync().InTime();

        Assert.Equal("""{"step":"half"}""", ret.JobData.ToJsonString());
    }
}
