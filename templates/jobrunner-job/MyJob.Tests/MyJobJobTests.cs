using JobRunner.Bus.Contracts;
using JobRunner.Bus.Testing;

namespace MyJob.Tests;

public sealed class MyJobJobTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task It_counts_the_lines_of_a_file()
    {
        await File.WriteAllTextAsync(_file, "one\ntwo\n", TestContext.Current.CancellationToken);

        var result = await Run(new(_file)).RunAsync();

        Assert.Equal(JobState.Complete, result.FinalState);
        Assert.Equal("2 lines\n", result.LastLog.Stdout);
        Assert.Equal(new MyJobResult(2), result.JobData.Read<MyJobResult>("my-job"));
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_looked_for_again()
    {
        var run = Run(new("/not/there")) with { Retry = 2, RetryWait = TimeSpan.FromMinutes(10) };

        var result = await run.RunAsync();

        Assert.Equal(JobState.Fail, result.FinalState);
        Assert.Equal(3, result.Logs.Count);
    }

    [Fact]
    public async Task A_file_that_is_too_long_is_not_tried_again()
    {
        await File.WriteAllTextAsync(_file, "one\ntwo\n", TestContext.Current.CancellationToken);

        var result = await (Run(new(_file, MaxLines: 1)) with { Retry = 2 }).RunAsync();

        Assert.Equal(JobState.Fail, result.FinalState);
        Assert.Single(result.Logs);
    }

    [Fact]
    public async Task A_payload_without_a_path_is_refused()
    {
        var result = await JobRun.Of<MyJobJob>("{}").RunAsync();

        Assert.Equal(JobState.Fail, result.FinalState);
        Assert.Contains("\"path\" is missing", result.Error);
    }

    private static JobRun Run(MyJobPayload payload) => JobRun.Of<MyJobJob, MyJobPayload>(payload);
}
