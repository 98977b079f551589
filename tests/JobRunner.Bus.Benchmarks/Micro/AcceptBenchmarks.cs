using BenchmarkDotNet.Attributes;
using JobRunner.Bus.Receive;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Benchmarks.Micro;

/// <summary>What each command passes before its run: the book of stops, and after it: its acknowledgement.</summary>
public class AcceptBenchmarks
{
    private readonly Acknowledgements _acknowledgements = new();
    private StopBook _stops = null!;
    private ulong _tag;

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

    /// <summary>128 deliveries, done in the order in which they came.</summary>
    [Benchmark(OperationsPerInvoke = 128)]
    public ulong Acknowledge()
    {
        for (var delivery = 0UL; delivery < 128; delivery++)
        {
            _acknowledgements.Arrived(_tag + delivery);
        }

        for (var delivery = 0UL; delivery < 128; delivery++)
        {
            _acknowledgements.Done(_tag + delivery);
        }

        _acknowledgements.Take(out var upTo, out _);
        _tag += 128;
        return upTo;
    }
}
