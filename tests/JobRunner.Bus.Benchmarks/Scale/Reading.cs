using System.Diagnostics;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>What everybody has used up to one moment.</summary>
/// <param name="At">The moment, by the machine's clock.</param>
/// <param name="Brokers">Processor time of the brokers.</param>
/// <param name="Workers">Processor time of the workers.</param>
/// <param name="Sender">Processor time of this process, which sends commands and takes logs and ends.</param>
/// <param name="Machine">Time that the machine's cores were busy, whoever with.</param>
/// <param name="Written">Bytes that the brokers gave to the disk.</param>
internal sealed record Reading(long At, TimeSpan Brokers, TimeSpan Workers, TimeSpan Sender, TimeSpan Machine, long Written)
{
    /// <summary>Between an earlier one and this.</summary>
    public Used Since(Reading earlier) => new(
        Stopwatch.GetElapsedTime(earlier.At, At), Brokers - earlier.Brokers, Workers - earlier.Workers, Sender - earlier.Sender,
        Machine - earlier.Machine, Written - earlier.Written);
}

/// <summary>What everybody used in a time.</summary>
internal sealed record Used(TimeSpan Took, TimeSpan Brokers, TimeSpan Workers, TimeSpan Sender, TimeSpan Machine, long Written)
{
    /// <summary>Cores that brokers, workers and sender kept busy.</summary>
    public double Cores => (Brokers + Workers + Sender) / Took;

    /// <summary>Cores that somebody else kept busy. What the kernel does for a socket is nobody's, and counts here too.</summary>
    public double OtherCores => Math.Max(0, Machine / Took - Cores);
}
