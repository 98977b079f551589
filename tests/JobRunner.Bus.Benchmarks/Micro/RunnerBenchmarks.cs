using BenchmarkDotNet.Attributes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Benchmarks.Micro;

/// <summary>A whole run of a job that does nothing, its log thrown away.</summary>
public class RunnerBenchmarks
{
    private readonly RunnerFactory _factory = new(new Jobs(), new NoLogs(), new TrySlots(4), new RunnerOptions(), TimeProvider.System, NullLogger<Runner>.Instance);
    private RunJob _command = new();

    /// <summary>Tries of the run; all but the last fail.</summary>
    [Params(1, 3)]
    public int Tries { get; set; }

    [GlobalSetup]
    public void SetUp() =>
        _command = new RunJob { RequestId = "r", Job = new Job { Id = "j", Type = $"{Tries}", Retry = Tries - 1 } };

    [Benchmark]
    public async Task<Return> RunJob()
    {
        await using var runner = _factory.Make(_command);
        var result = await runner.RunAsync();
        return result.FinalState == JobState.Complete && result.Tries == Tries ? result : throw new InvalidOperationException($"{result}");
    }

    private sealed class Jobs : IJobFactory
    {
        private readonly TriesNeeded _one = new(1), _three = new(3);

        public MadeJob Make(Job job) => new(job.Type == "1" ? _one : _three, null);
    }

    private sealed class TriesNeeded(long tries) : IJob
    {
        private static readonly Task<JobResult> Done = Task.FromResult(JobResult.Complete());
        private static readonly Task<JobResult> Failed = Task.FromResult(JobResult.Fail("again"));

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => context.Try < tries ? Failed : Done;
    }

    private sealed class NoLogs : IJobLogSink
    {
        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
