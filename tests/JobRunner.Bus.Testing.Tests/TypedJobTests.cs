using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Testing.Tests;

public sealed class TypedJobTests
{
    [Fact]
    public async Task A_job_is_given_its_payload_and_leaves_a_typed_result_in_its_job_data()
    {
        var result = await JobRun.Of<Repeat, Repetition>(new("ab", 3)).RunAsync();

        Assert.Equal((JobState.Complete, "ababab"), (result.FinalState, result.LastLog.Stdout));
        Assert.Equal(new Repeated(6, Case.Lower), result.JobData.Read<Repeated>("repeat"));
        Assert.Equal("""{"repeat":{"length":6,"case":"Lower"}}""", result.JobData.ToJsonString());
    }

    [Fact]
    public async Task A_default_of_the_payload_counts_where_the_bytes_say_nothing() =>
        Assert.Equal("abab", (await JobRun.Of<Repeat>("""{"TEXT": "ab", "unknown": 1}""").RunAsync()).LastLog.Stdout);

    [Theory]
    [InlineData("{}", "\"text\" is missing; it must be text")]
    [InlineData("""{"text": 3, "times": "three"}""", "\"text\" must be text; \"times\" must be a whole number")]
    [InlineData("", "empty; expected is JSON: an object with \"text\" (text), \"times\" (a whole number, may be absent)")]
    public async Task Bytes_that_do_not_fit_fail_the_job_without_a_try_and_say_which_field_and_what_is_expected(string bytes, string problem)
    {
        var result = await (JobRun.Of<Repeat>(bytes) with { Retry = 3 }).RunAsync();

        Assert.Equal((JobState.Fail, 0), (result.FinalState, result.Tries));
        Assert.Equal($"problem creating job runner: the bytes of the job do not fit: {problem}", result.Error);
    }

    [Fact]
    public async Task What_the_job_itself_refuses_is_told_in_its_own_words() => Assert.Equal(
        "problem creating job runner: times is -1; it must be 0 or more",
        (await JobRun.Of<Repeat, Repetition>(new("ab", -1)).RunAsync()).Error);

    [Fact]
    public async Task Each_try_is_given_a_payload_of_its_own()
    {
        var result = await (JobRun.Of<Spoils, List<int>>([1, 2]) with { Retry = 1 }).RunAsync();

        Assert.Equal(["2", "2"], result.Logs.Select(log => log.Error));
    }

    private enum Case
    {
        Lower,
        Upper,
    }

    private sealed record Repetition(string Text, int Times = 2);

    private sealed record Repeated(int Length, Case Case);

    private sealed class Repeat : IJob<Repetition>
    {
        public void Check(Repetition payload)
        {
            if (payload.Times < 0)
            {
                throw new FormatException($"times is {payload.Times}; it must be 0 or more");
            }
        }

        public Task<JobResult> RunAsync(Repetition payload, JobRunContext context, CancellationToken stopToken)
        {
            var text = string.Concat(Enumerable.Repeat(payload.Text, payload.Times));
            context.JobData.Write("repeat", new Repeated(text.Length, Case.Lower));
            return Task.FromResult(JobResult.Complete(text));
        }
    }

    private sealed class Spoils : IJob<List<int>>
    {
        public Task<JobResult> RunAsync(List<int> payload, JobRunContext context, CancellationToken stopToken)
        {
            var result = JobResult.Fail($"{payload.Count}");
            payload.Clear();
            return Task.FromResult(result);
        }
    }
}
