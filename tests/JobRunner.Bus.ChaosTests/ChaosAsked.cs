using System.Globalization;
using JobRunner.Bus.ChaosTests.Faults;

namespace JobRunner.Bus.ChaosTests;

/// <summary>What was asked for by environment: <c>CHAOS_SEED</c>, <c>CHAOS_SECONDS</c>, <c>CHAOS_WORKERS</c>, <c>CHAOS_FAULTS</c>, <c>CHAOS_HISTORY</c>.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Settings">How to run.</param>
/// <param name="MustBreak">Kinds that a run of this length has surely injected.</param>
internal sealed record ChaosAsked(int Seed, ChaosSettings Settings, IReadOnlyList<FaultKind> MustBreak)
{
    private const int DefaultSeconds = 35;

    /// <summary>Where progress is told as it happens; none unless <c>CHAOS_PROGRESS</c> is set.</summary>
    public static string? ProgressPath => Setting("CHAOS_PROGRESS");

    /// <summary>Whether the history is of use when nothing was wrong.</summary>
    public static bool KeepsHistory => Setting("CHAOS_HISTORY") is not null;

    public static ChaosAsked FromEnvironment()
    {
        var seed = Setting("CHAOS_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000);
        FaultKind[] kinds = Setting("CHAOS_FAULTS") is { } named ? [.. named.Split(',').Select(KindOf)] : Enum.GetValues<FaultKind>();
        var seconds = double.Parse(Setting("CHAOS_SECONDS") ?? $"{DefaultSeconds}", CultureInfo.InvariantCulture);
        var settings = new ChaosSettings(
            seed,
            TimeSpan.FromSeconds(seconds),
            int.Parse(Setting("CHAOS_WORKERS") ?? "3", CultureInfo.InvariantCulture),
            FaultPlan.Of(seed, kinds),
            Setting("CHAOS_HISTORY") ?? Path.Combine(Path.GetTempPath(), $"jobrunner-chaos-{seed}.jsonl"));
        // The first one is never held up, but that a queue is deleted may wait for a moment when all else is well.
        return new ChaosAsked(seed, settings, [.. FaultPlan.Of(seed, kinds).Take(seconds >= 20 ? 1 : 0).Select(fault => fault.Kind).Where(kind => kind != FaultKind.DeleteQueue)]);
    }

    /// <summary>Kinds are written as <c>kill-worker</c> or <c>KillWorker</c>.</summary>
    private static FaultKind KindOf(string name) => Enum.Parse<FaultKind>(name.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);

    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
