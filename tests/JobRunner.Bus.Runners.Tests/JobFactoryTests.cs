using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>How job authors register jobs, and how they come to life.</summary>
public sealed class JobFactoryTests
{
    private static readonly byte[] Good = [1, 2];
    private static readonly byte[] Bad = [9];

    [Fact]
    public async Task A_registered_job_is_made_anew_for_every_run_in_a_scope_that_ends_with_it()
    {
        await using var services = Services().BuildServiceProvider(validateScopes: true);
        var factory = services.GetRequiredService<RunnerFactory>();
        Tool.Reset();
        var command = Rig.Command() with { Job = new Job { Id = "j1", Type = "echo", Bytes = Good } };

        for (var run = 1; run <= 2; run++)
        {
            await using var runner = factory.Make(command);
            Assert.Equal("1-2", (await runner.RunAsync().InTime()).JobData["said"]!.ToString());
            Assert.Equal((run, run - 1), (Tool.Made, Tool.Disposed));
        }

        Assert.Equal((2, 2), (Tool.Made, Tool.Disposed));
    }

    [Fact]
    public async Task A_job_that_can_be_disposed_of_is_when_its_run_has_ended()
    {
        await using var services = Services().AddJob<Closing>("closing").BuildServiceProvider();
        var runner = services.GetRequiredService<RunnerFactory>().Make(Rig.Command() with { Job = new Job { Id = "j1", Type = "closing" } });
        Closing.Closed = 0;

        await runner.RunAsync().InTime();
        Assert.Equal(0, Closing.Closed);
        await runner.DisposeAsync();

        Assert.Equal(1, Closing.Closed);
    }

    private sealed class Closing : IJob, IDisposable
    {
        public static int Closed { get; set; }

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete());

        public void Dispose() => Closed++;
    }

    [Fact]
    public async Task A_job_whose_bytes_make_no_sense_is_not_made_and_its_reason_and_scope_are_not_lost()
    {
        await using var services = Services().BuildServiceProvider(validateScopes: true);
        var factory = services.GetRequiredService<RunnerFactory>();
        Tool.Reset();
        var command = Rig.Command() with { Job = new Job { Id = "j1", Type = "echo", Bytes = Bad } };

        var ret = await factory.Make(command).RunAsync().InTime();

        Assert.Equal("problem creating job runner: the first byte must be 1", ret.Error);
        Assert.Equal((1, 1), (Tool.Made, Tool.Disposed));
    }

    [Fact]
    public async Task A_type_that_nobody_registered_is_told_with_the_types_there_are()
    {
        await using var services = Services().AddJob<Silent>("alpha").BuildServiceProvider();

        var error = Assert.Throws<UnknownJobTypeException>(
            () => services.GetRequiredService<IJobFactory>().Make(new Job { Type = "Echo" }));

        Assert.Equal("unknown job type \"Echo\"; this worker knows alpha, echo", error.Message);
    }

    [Fact]
    public async Task A_job_without_bytes_needs_no_Deserialize_and_no_StopAsync_of_its_own()
    {
        await using var services = Services().AddJob<Silent>("silent").BuildServiceProvider();

        IJob job = services.GetRequiredService<IJobFactory>().Make(new Job { Type = "silent" }).Job;

        Assert.True(job.StopAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public void A_type_registered_twice_is_refused_with_both_classes()
    {
        var error = Assert.Throws<ArgumentException>(() => Services().AddJob<Silent>("echo"));

        Assert.StartsWith(
            $"Job type \"echo\" is registered twice: by {typeof(Echo)} and by {typeof(Silent)}.", error.Message, StringComparison.Ordinal);
        Assert.Equal("type", error.ParamName);
    }

    [Fact]
    public void Nothing_is_registered_for_a_type_without_a_name()
    {
        Assert.Equal("type", Assert.Throws<ArgumentException>(() => new ServiceCollection().AddJob<Silent>(" ")).ParamName);
        Assert.Throws<ArgumentNullException>(() => JobTypes.AddJob<Silent>(null!, "a"));
    }

    [Fact]
    public async Task What_the_host_registered_first_is_kept()
    {
        var time = new WatchedTime();
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(time).AddRunners().AddRunners().BuildServiceProvider();

        Assert.Same(time, services.GetRequiredService<TimeProvider>());
        Assert.Single(services.GetServices<RunnerRepo>());
    }

    [Fact]
    public async Task A_missing_argument_is_named()
    {
        await using var services = Services().BuildServiceProvider();

        Assert.Equal("job", Assert.Throws<ArgumentNullException>(() => services.GetRequiredService<IJobFactory>().Make(null!)).ParamName);
        Assert.Equal("command", Assert.Throws<ArgumentNullException>(() => services.GetRequiredService<RunnerFactory>().Make(null!)).ParamName);
        Assert.Equal(
            "types",
            Assert.Throws<ArgumentNullException>(() => new JobFactory(services.GetRequiredService<IServiceScopeFactory>(), null!)).ParamName);
        Assert.Equal("job", Assert.Throws<ArgumentNullException>(() => new JobRunContext("abc", null!, [], 1)).ParamName);
    }

    private static IServiceCollection Services() => new ServiceCollection()
        .AddRunners()
        .AddSingleton(new RunnerOptions())
        .AddSingleton(new TrySlots(2))
        .AddSingleton<IJobLogSink>(new LogSink())
        .AddSingleton<ILogger<Runner>>(new FakeLogger<Runner>())
        .AddScoped<Tool>()
        .AddJob<Echo>("echo");

    /// <summary>A scoped service that has no synchronous Dispose.</summary>
    private sealed class Tool : IAsyncDisposable
    {
        public static int Made { get; private set; }

        public static int Disposed { get; private set; }

        public Tool() => Made++;

        public static void Reset() => (Made, Disposed) = (0, 0);

        public ValueTask DisposeAsync()
        {
            Disposed++;
            return ValueTask.CompletedTask;
        }
    }

    private sealed class Echo(Tool tool) : IJob
    {
        private string _said = "";

        public void Deserialize(ReadOnlySpan<byte> bytes)
        {
            Assert.NotNull(tool);
            _said = bytes[0] == 1 ? string.Join('-', bytes.ToArray()) : throw new FormatException("the first byte must be 1");
        }

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            context.JobData["said"] = _said;
            return Task.FromResult(JobResult.Complete());
        }
    }

    private sealed class Silent : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete());
    }
}
