using JobRunner.Bus.ChaosTests.Faults;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests;

/// <summary>Real workers under load while things are broken. <c>infra/chaos.sh</c> does the first for as long as one likes.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_is_broken_every_run_has_one_end_and_every_log_arrives_once()
    {
        var asked = ChaosAsked.FromEnvironment();
        output.WriteLine($"seed {asked.Seed}: CHAOS_SEED={asked.Seed} sends the same jobs and breaks the same things in the same order");

        var result = await RunAsync(asked.Settings);

        // A run that broke nothing, or in which nothing ran, proves nothing.
        Assert.True(result.Events.Count > 100, result.Summary());
        Assert.All(asked.MustBreak, kind => Assert.Contains($"{kind} ", result.Summary()));
    }

    [Fact]
    public async Task A_rolling_restart_under_load_loses_no_job_repeats_no_number_spends_no_budget_and_runs_no_try_twice()
    {
        var history = Path.Combine(Path.GetTempPath(), $"jobrunner-rolling-{Guid.NewGuid():N}.jsonl");
        var roll = Enumerable.Range(0, 3).Select(worker => new PlannedFault(TimeSpan.FromSeconds(3), FaultKind.DrainWorker, worker, TimeSpan.Zero));

        var result = await RunAsync(new ChaosSettings(1, TimeSpan.FromMinutes(2), 3, roll, history) { Insists = true });

        Assert.Equal(3, result.Events.OfType<History.WorkerDrained>().Count());
        var starts = result.Events.OfType<History.TryStarted>().ToList();
        Assert.Equal(starts.Count, starts.DistinctBy(start => (start.Job, start.Try)).Count());
    }

    [Fact]
    public async Task Workers_of_the_last_version_and_of_this_one_share_a_virtual_host_while_each_is_replaced_by_the_other()
    {
        var last = Path.Combine(await LastVersion.BuildAsync(), "JobRunner.Bus.ChaosWorker");
        var history = Path.Combine(Path.GetTempPath(), $"jobrunner-versions-{Guid.NewGuid():N}.jsonl");
        // To this version and back, in order and by a crash.
        var roll = new[] { FaultKind.DrainWorker, FaultKind.KillWorker, FaultKind.DrainWorker, FaultKind.KillWorker, FaultKind.DrainWorker, FaultKind.DrainWorker }
            .Select((kind, number) => new PlannedFault(TimeSpan.FromSeconds(3), kind, number % 3, TimeSpan.Zero));

        var result = await RunAsync(new ChaosSettings(2, TimeSpan.FromMinutes(2), 3, roll, history)
        {
            Insists = true,
            // The last version has queues that a later RabbitMQ takes no more.
            Broker = (await RabbitMqNode.VersionAsync()).Major < 4 ? "" : "deprecated_features.permit.transient_nonexcl_queues = true",
            Program = process => process % 2 == 1 ? last : "JobRunner.Bus.ChaosWorker",
            // A run that is due in the moment between the host's disposal and the end of the process ended it with an abort.
            MendedFault = "at JobRunner.Bus.Accept.RunStarter.Forget(",
        });

        var ran = result.Events.OfType<History.TryStarted>().Select(start => start.Worker[^1]).CountBy(process => process).ToDictionary();
        Assert.All("123", process => Assert.True(ran.GetValueOrDefault(process) > 10, $"process {process} of each place; {result.Summary()}"));
        Assert.Equal(6, result.Events.OfType<History.FaultInjected>().Count());
    }

    private async Task<ChaosResult> RunAsync(ChaosSettings settings)
    {
        var result = await ChaosRun.RunAsync(settings, Tell);
        Tell(result.Summary());
        if (result.Violations.Count > 0)
        {
            foreach (var violation in result.Violations)
            {
                Tell(violation.ToString());
            }

            Assert.Fail(
                $"{result.Violations.Count} violations; seed {settings.Seed}; history {settings.HistoryPath}; workers' logs {settings.WorkerLogs}\n"
                + $"{result.Summary()}\n{string.Join('\n', result.Violations.Take(20))}\n{result.Account(settings.WorkerLogs)}");
        }

        if (!ChaosAsked.KeepsHistory)
        {
            File.Delete(settings.HistoryPath);
            Directory.Delete(settings.WorkerLogs, recursive: true);
        }

        return result;
    }

    private void Tell(string line)
    {
        output.WriteLine(line);
        if (ChaosAsked.ProgressPath is { } progress)
        {
            File.AppendAllText(progress, line + "\n");
        }
    }
}
