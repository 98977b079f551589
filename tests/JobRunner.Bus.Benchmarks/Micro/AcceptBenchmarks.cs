using BenchmarkDotNet.Attributes;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Benchmarks.Micro;

/// <summary>What each command passes before its run: the book of stops.</summary>
public class AcceptBenchmarks
{
    private StopBook _stops = null!;

    /// <summary>Stops of other jobs that are remembered.</summary>
    [Params(0, 100_000)]
    public int Stops { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        _stops = new StopBook(Options.Create(new WorkerOptions()), TimeProvider.System);
        for (var stop = 0; stop < Stops; stop++)
        {
            _stops.Add(new StopOrder($"other{stop}", null, DateTimeOffset.UtcNow, null));
        }
    }

    [Benchmark]
    public object? FindStop() => _stops.Find("bench000000000000000", "aaaa", null);
}
