using System.Globalization;
using JobRunner.Bus.ChaosTests.Faults;

namespace JobRunner.Bus.ChaosTests;

/// <summary>
/// Random faults under load. <c>infra/chaos.sh</c> runs it for longer; it sets <c>CHAOS_SECONDS</c>, <c>CHAOS_SEED</c>,
/// <c>CHAOS_WORKERS</c>, <c>CHAOS_FAULTS</c> and <c>CHAOS_HISTORY</c>.
/// </summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private static string? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    [Fact]
    public async Task Whatever_is_broken_every_run_has_one_end_and_every_log_arrives_once()
    {
        var seed = Setting("CHAOS_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000);
        var settings = new ChaosSettings(
            seed,
            TimeSpan.FromSeconds(double.Parse(Setting("CHAOS_SECONDS") ?? "45", CultureInfo.InvariantCulture)),
            int.Parse(Setting("CHAOS_WORKERS") ?? "3", CultureInfo.InvariantCulture),
            Setting("CHAOS_FAULTS") is { } kinds ? [.. kinds.Split(',').Select(Enum.Parse<FaultKind>)] : Enum.GetValues<FaultKind>(),
            Setting("CHAOS_HISTORY") ?? Path.Combine(Path.GetTempPath(), $"jobrunner-chaos-{seed}.jsonl"));

        var result = await ChaosRun.RunAsync(settings, line =>
        {
            output.WriteLine(line);
            if (Setting("CHAOS_PROGRESS") is { } progress)
            {
                File.AppendAllText(progress, line + "\n");
            }
        });

        output.WriteLine(result.Summary);
        if (result.Violations.Count > 0)
        {
            var workers = settings.HistoryPath + ".workers.log";
            await File.WriteAllTextAsync(workers, result.WorkerOutput);
            Assert.Fail(
                $"{result.Violations.Count} violations; seed {seed}; history {settings.HistoryPath}; workers' logs {workers}\n"
                + $"{result.Summary}\n{string.Join('\n', result.Violations.Take(20))}");
        }

        if (Setting("CHAOS_HISTORY") is null)
        {
            File.Delete(settings.HistoryPath);
        }
    }
}
