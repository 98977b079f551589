using System.Diagnostics;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Peers;

/// <summary>Takes commands from <c>run-job</c>, publishes a log and an end for each; the clock stops when the last end is in the scheduler's queue.</summary>
internal sealed class AmqpPeer(string name, (Side Side, string Version) started) : IPeer
{
    private readonly Side _side = started.Side;

    public string Name => name;

    public string Version => started.Version;

    public async Task<double> RunAsync(string request, int jobs)
    {
        await _side.Child.PauseAsync();
        await _side.Load.SendAsync(request, jobs);
        var watch = Stopwatch.StartNew();
        await _side.Child.ContinueAsync();
        await Eventually.HoldsAsync(() => $"all jobs end; {name} said: {_side.Child.Output}", async () => await _side.Load.CountEndsAsync() >= jobs, TimeSpan.FromMinutes(2));
        var took = watch.Elapsed;
        await _side.Load.TakeAllAsync(request, jobs);
        return jobs / took.TotalSeconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _side.Load.DisposeAsync();
        await _side.Child.DisposeAsync();
    }
}
