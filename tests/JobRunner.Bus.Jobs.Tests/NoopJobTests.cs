using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class NoopJobTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("not json at all")]
    public async Task Noop_succeeds_whatever_its_bytes(string? bytes)
    {
        await using var worker = new TestWorker();

        var run = worker.Start("noop", bytes, TestContext.Current.CancellationToken);
        var result = await run.Result;

        Assert.Equal(JobState.Complete, result.State);
        Assert.Equal(0, result.Exit);
        Assert.Null(result.Error);
        Assert.Equal("nop", run.Context.Status);
    }
}
