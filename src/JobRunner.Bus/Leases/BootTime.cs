using System.Runtime.InteropServices;

namespace JobRunner.Bus.Leases;

/// <summary>
/// The system's time, its monotonic part going on while the machine sleeps, where .NET's stands still on Linux: others take the runs
/// of a sleeping worker over. A wall clock would not do, since it jumps in the same way when it is set.
/// </summary>
internal sealed partial class BootTime : TimeProvider
{
    private const int ClockBootTime = 7;

    /// <summary>A clock that counts sleep, in the place of the system's; any other clock is left as it is.</summary>
    public static TimeProvider Of(TimeProvider time) =>
        time == System && OperatingSystem.IsLinux() && clock_gettime(ClockBootTime, out _) == 0 ? new BootTime() : time;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        _ = clock_gettime(ClockBootTime, out var now);
        return (now.Seconds * TimeSpan.TicksPerSecond) + (now.Nanoseconds / TimeSpan.NanosecondsPerTick);
    }

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, out TimeSpec now);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
