using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

internal sealed class WorkerOptionsRules : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        var rules = new OptionRules(WorkerOptions.Section)
            .Range(nameof(options.Slots), options.Slots, 1, 10_000)
            .Range(nameof(options.MaxRunners), options.MaxRunners, 1, 10_000_000)
            .Range(nameof(options.DrainTimeout), options.DrainTimeout, TimeSpan.Zero, TimeSpan.FromDays(1))
            .Range(nameof(options.Lease), options.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1))
            .Range(nameof(options.StopTimeout), options.StopTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromDays(1))
            .Range(nameof(options.ParkWaitsOver), options.ParkWaitsOver, TimeSpan.Zero, TimeSpan.FromHours(1))
            .Range(nameof(options.MaxLoggedBytes), options.MaxLoggedBytes, 0, 4 * 1024 * 1024)
            .Range(nameof(options.MaxCommandBytes), options.MaxCommandBytes, 1024, 128 * 1024 * 1024)
            .Range(nameof(options.CrashBudget), options.CrashBudget, 1, 1_000)
            .Range(nameof(options.JournalRetention), options.JournalRetention, TimeSpan.FromHours(1), TimeSpan.FromDays(90))
            .Range(nameof(options.StopRetention), options.StopRetention, TimeSpan.FromMinutes(1), TimeSpan.FromDays(30));
        if (options.Roles is WorkerRoles.None || (options.Roles & ~(WorkerRoles.Run | WorkerRoles.Report | WorkerRoles.Chain)) != 0)
        {
            rules.Wrong(nameof(options.Roles), options.Roles.ToString(), "must be one or more of Run, Report and Chain, with commas between");
        }

        if (options.MaxRunners < options.Slots)
        {
            rules.Wrong(nameof(options.MaxRunners), $"{options.MaxRunners}", $"must be at least Slots, {options.Slots}");
        }

        if (!WaitSteps.TryParse(options.KnownWaits, out _))
        {
            rules.Wrong(nameof(options.KnownWaits), options.KnownWaits, WaitSteps.Must);
        }

        return rules.Result();
    }
}
