using BenchmarkDotNet.Attributes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Benchmarks.Micro;

/// <summary>Reading the command and writing the two messages of a job.</summary>
public class WireBenchmarks
{
    private byte[] _command = [];
    private RunJob _read = new();
    private JobLogRecorded _log = new();
    private JobFinished _end = new();

    /// <summary>Bytes of job data.</summary>
    [Params(140, 100_000)]
    public int JobData { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _command = Broker.Load.Command("bench000000000000000", "aaaa", $$"""{"pad":"{{new string('x', JobData - 10)}}"}""");
        _read = Wire.Deserialize<RunJob>(_command);
        _log = new JobLogRecorded
        {
            RequestId = _read.RequestId,
            JobId = _read.Job.Id,
            Try = 1,
            Name = _read.Job.Name,
            Type = _read.Job.Type,
            StartedAt = 1_700_000_000_000_000_000,
            FinishedAt = 1_700_000_000_000_000_100,
            State = JobState.Complete,
        };
        _end = new JobFinished { RequestId = _read.RequestId, JobId = _read.Job.Id, FinalState = JobState.Complete, Tries = 1, TotalTries = 1, JobDataText = _read.JobDataText };
    }

    [Benchmark]
    public RunJob ReadCommand() => Wire.Deserialize<RunJob>(_command);

    [Benchmark]
    public byte[] WriteLog() => Wire.Serialize(_log);

    [Benchmark]
    public byte[] WriteEnd() => Wire.Serialize(_end);
}
