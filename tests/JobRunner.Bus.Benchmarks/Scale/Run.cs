using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>Many jobs through several virtual hosts at once.</summary>
/// <param name="Shards">The virtual hosts.</param>
/// <param name="JobsEach">Jobs for each of them.</param>
internal sealed record Run(IReadOnlyList<Shard> Shards, int JobsEach)
{
    // Long enough for a share of a core to be seen in ticks of 10 ms, over many runs.
    private static readonly TimeSpan IdleWatch = TimeSpan.FromSeconds(0.5);

    private static int _count;

    /// <summary>What the jobs are given; absent: a usual amount.</summary>
    public string? JobData { get; init; }

    public string JobType { get; init; } = "noop";

    /// <summary>Done when all commands wait and before the first one is taken.</summary>
    public Func<Task>? WhenSent { get; init; }

    /// <summary>Has all workers run all commands, all of them waiting when it begins.</summary>
    /// <exception cref="InvalidOperationException">A job was lost or repeated.</exception>
    public async Task<Cost> MeasureAsync(Meter meter)
    {
        var request = $"scale{Interlocked.Increment(ref _count):d15}";
        List<Child> workers = [.. Shards.SelectMany(shard => shard.Workers)];
        var idling = meter.Read(workers);
        await Task.Delay(IdleWatch);
        var idle = meter.Read(workers).Since(idling);
        await Task.WhenAll(workers.Select(worker => worker.PauseAsync()));
        var start = meter.Read(workers);
        await Task.WhenAll(Shards.Select(shard => JobData is null
            ? shard.Load.SendAsync(request, JobsEach, type: JobType)
            : shard.Load.SendAsync(request, JobsEach, JobData, JobType)));
        var sent = meter.Read(workers);
        if (WhenSent is not null)
        {
            await WhenSent();
        }

        var going = meter.Read(workers);
        await Task.WhenAll(workers.Select(worker => worker.ContinueAsync()));
        await Task.WhenAll(Shards.Select(shard => Eventually.HoldsAsync(
            "all jobs end", async () => await shard.Load.CountEndsAsync() >= JobsEach, TimeSpan.FromMinutes(3))));
        var ran = meter.Read(workers);
        var taken = await Task.WhenAll(Shards.Select(shard => shard.Load.TakeAllAsync(request, JobsEach)));
        return Cost.Of(JobsEach * Shards.Count, taken[0].Log + taken[0].End, idle, sent.Since(start), ran.Since(going), meter.Read(workers).Since(ran));
    }
}
