using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Testing;

/// <summary>
/// One run of one job, by the runner that workers use: retries, waits, stops, timeouts, counters and logs are the real
/// ones. The clock is not: waits between tries take no time.
/// </summary>
/// <example>
/// <code>
/// var run = JobRun.Of&lt;CountLines&gt;("""{"path": "/tmp/x"}""") with { Retry = 2, RetryWait = TimeSpan.FromMinutes(1) };
/// var result = await run.RunAsync();
/// Assert.Equal(JobState.Complete, result.FinalState);
/// </code>
/// </example>
public sealed record JobRun
{
    private readonly Func<IServiceCollection, IServiceCollection> _addJob;

    private JobRun(Func<IServiceCollection, IServiceCollection> addJob, byte[] bytes)
    {
        _addJob = addJob;
        Bytes = bytes;
    }

    /// <summary>A run of a job that reads these bytes.</summary>
    public static JobRun Of<TJob>(ReadOnlySpan<byte> bytes = default, Action<JobTypeOptions>? configure = null)
        where TJob : class, IJob => new(services => services.AddJob<TJob>(TypeName, configure), bytes.ToArray());

    /// <summary>A run of a job whose bytes are text, often JSON.</summary>
    public static JobRun Of<TJob>(string text, Action<JobTypeOptions>? configure = null)
        where TJob : class, IJob => Of<TJob>(Encoding.UTF8.GetBytes(text), configure);

    /// <summary>A run of a job that is given this payload, as <c>JobRun.Of&lt;CountLinesJob, CountLines&gt;(new("/tmp/x"))</c>.</summary>
    public static JobRun Of<TJob, TPayload>(TPayload payload, Action<JobTypeOptions>? configure = null)
        where TJob : class, IJob<TPayload> => Of<TJob>(Payload.Write(payload), configure);

    internal const string TypeName = "under-test";

    /// <summary>What the job reads.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Id of the request.</summary>
    public string RequestId { get; init; } = "testtesttesttesttest";

    /// <summary>The job's id, name and arguments, for jobs that look at them; its type, bytes and retries are set by the run.</summary>
    public Job Job { get; init; } = new() { Id = "test", Name = "test" };

    /// <summary>Data from the jobs before.</summary>
    public JsonObject JobData { get; init; } = [];

    /// <summary>Tries after the first one.</summary>
    public long Retry { get; init; }

    /// <summary>Wait between tries, on the clock of the run.</summary>
    public TimeSpan RetryWait { get; init; }

    /// <summary>How long a try may take, on the clock of the run; zero for no limit.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>How long a try may report no status, on the clock of the run; zero for no limit.</summary>
    public TimeSpan Heartbeat { get; init; }

    /// <summary>Tries of the sequence used up before, for a job that is resumed.</summary>
    public long PrevTries { get; init; }

    /// <summary>Tries logged before, for a job that is resumed.</summary>
    public long TotalTries { get; init; }

    /// <summary>How long a job may take to stop, on the clock of the run.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long the run may take on the real clock before the test is told that it hangs; default 30 seconds.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Adds the services that the job's constructor asks for. The clock is there already, as <see cref="TimeProvider"/>.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Runs the job to its end. Waits between tries are skipped; those within a try are not: see <see cref="Start"/>.</summary>
    /// <exception cref="TimeoutException">It has not ended within <see cref="GiveUpAfter"/>.</exception>
    public async Task<JobRunResult> RunAsync()
    {
        await using var live = Start();
        return await live.EndAsync();
    }

    /// <summary>Starts the job, for a test that stops it, moves its clock, or looks at it while it runs.</summary>
    public LiveJobRun Start()
    {
        var clock = new TestClock();
        var logs = new KeptLogs();
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(clock);
        services.AddSingleton(clock);
        services.AddSingleton<ILoggerFactory, TestLoggers>();
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        Services?.Invoke(services);
        services.AddRunners();
        services.AddSingleton<IJobLogSink>(logs);
        services.AddSingleton(new RunnerOptions { StopTimeout = StopTimeout, MaxLoggedBytes = 64 * 1024 });
        services.AddSingleton(new TrySlots(1));
        _addJob(services);
        return new LiveJobRun(services.BuildServiceProvider(validateScopes: true), Command(), clock, logs, GiveUpAfter);
    }

    private RunJob Command() => new()
    {
        RequestId = RequestId,
        Job = Job with
        {
            Type = TypeName,
            Bytes = Bytes.ToArray(),
            Retry = Retry,
            RetryWait = RetryWait > TimeSpan.Zero ? GoDuration.FromTimeSpan(RetryWait).ToString() : null,
        },
        JobData = (JsonObject)JobData.DeepClone(),
        PrevTries = PrevTries,
        TotalTries = TotalTries,
        Timeout = Timeout > TimeSpan.Zero ? GoDuration.FromTimeSpan(Timeout).ToString() : null,
        Heartbeat = Heartbeat > TimeSpan.Zero ? GoDuration.FromTimeSpan(Heartbeat).ToString() : null,
    };
}
