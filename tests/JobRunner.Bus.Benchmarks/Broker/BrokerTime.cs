using System.Diagnostics;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>Processor time of all brokers on this machine, which are the benchmark's own.</summary>
internal static class BrokerTime
{
    public static TimeSpan Used => TimeSpan.FromSeconds(Process.GetProcessesByName("beam.smp").Sum(process => process.TotalProcessorTime.TotalSeconds));
}
