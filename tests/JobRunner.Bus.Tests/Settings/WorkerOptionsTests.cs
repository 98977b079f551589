using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Settings;

public sealed class WorkerOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract_and_pass()
    {
        var options = new WorkerOptions();

        Assert.Equal(
            (WorkerRoles.Run | WorkerRoles.Report, 16, 100_000, 30.0, 10.0, 60.0, 1.0, 16 * 1024 * 1024, 7.0),
            (options.Roles, options.Slots, options.MaxRunners, options.DrainTimeout.TotalSeconds, options.Lease.TotalSeconds,
                options.StopTimeout.TotalSeconds, options.ParkWaitsOver.TotalSeconds, options.MaxCommandBytes, options.StopRetention.TotalDays));
        Assert.True(Check(options).Succeeded);
    }

    public static TheoryData<WorkerOptions, string> Wrong => new()
    {
        { new() { Slots = 0 }, "JobRunner__Worker__Slots is \"0\"; it must be from 1 to 10000" },
        { new() { Slots = 10_001 }, "JobRunner__Worker__Slots is \"10001\"; it must be from 1 to 10000" },
        { new() { Slots = 1, MaxRunners = 0 }, "JobRunner__Worker__MaxRunners is \"0\"; it must be from 1 to 10000000" },
        { new() { Slots = 8, MaxRunners = 7 }, "JobRunner__Worker__MaxRunners is \"7\"; it must be at least Slots, 8" },
        { new() { DrainTimeout = TimeSpan.FromSeconds(-1) }, "JobRunner__Worker__DrainTimeout is \"-00:00:01\"; it must be from 00:00:00 to 1.00:00:00" },
        { new() { Lease = TimeSpan.FromMilliseconds(999) }, "JobRunner__Worker__Lease is \"00:00:00.9990000\"; it must be from 00:00:01 to 01:00:00" },
        { new() { StopTimeout = TimeSpan.Zero }, "JobRunner__Worker__StopTimeout is \"00:00:00\"; it must be from 00:00:00.1000000 to 1.00:00:00" },
        { new() { ParkWaitsOver = TimeSpan.FromHours(2) }, "JobRunner__Worker__ParkWaitsOver is \"02:00:00\"; it must be from 00:00:00 to 01:00:00" },
        { new() { MaxCommandBytes = 1023 }, "JobRunner__Worker__MaxCommandBytes is \"1023\"; it must be from 1024 to 134217728" },
        { new() { StopRetention = TimeSpan.FromDays(31) }, "JobRunner__Worker__StopRetention is \"31.00:00:00\"; it must be from 00:01:00 to 30.00:00:00" },
        { new() { JournalRetention = TimeSpan.FromMinutes(59) }, "JobRunner__Worker__JournalRetention is \"00:59:00\"; it must be from 01:00:00 to 90.00:00:00" },
        { new() { CrashBudget = 0 }, "JobRunner__Worker__CrashBudget is \"0\"; it must be from 1 to 1000" },
        { new() { KnownWaits = "2s;5m" }, "JobRunner__Worker__KnownWaits is \"2s;5m\"; it must be at most 100 Go durations from 1ms to 336h with commas between, such as 2s,30s,5m" },
        { new() { KnownWaits = "2s,," }, "JobRunner__Worker__KnownWaits is \"2s,,\"; it must be at most 100" },
        { new() { KnownWaits = "0s" }, "JobRunner__Worker__KnownWaits is \"0s\"; it must be at most 100" },
        { new() { KnownWaits = "337h" }, "JobRunner__Worker__KnownWaits is \"337h\"; it must be at most 100" },
        { new() { KnownWaits = string.Join(',', Enumerable.Repeat("2s", 101)) }, "; it must be at most 100" },
        { new() { Roles = WorkerRoles.None }, "JobRunner__Worker__Roles is \"None\"; it must be one or more of Run, Report and Chain, with commas between" },
        { new() { Roles = (WorkerRoles)8 }, "JobRunner__Worker__Roles is \"8\"; it must be one or more of Run, Report and Chain, with commas between" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_setting_is_told_by_its_name_its_value_and_what_it_must_be(WorkerOptions options, string message) =>
        Assert.Contains(Check(options).Failures!, failure => failure.Contains(message, StringComparison.Ordinal));

    [Fact]
    public void The_waits_to_prepare_are_those_known_rounded_up_and_those_for_runs_whose_worker_may_live()
    {
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(11)], new WorkerOptions().WaitsToPrepare);
        Assert.Equal(
            [TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4)],
            new WorkerOptions { KnownWaits = "1.5s, 1m21s,2s", Lease = TimeSpan.FromSeconds(3) }.WaitsToPrepare);
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var everything = new WorkerOptions
        {
            Roles = WorkerRoles.None,
            Slots = 0,
            MaxRunners = -1,
            DrainTimeout = TimeSpan.FromDays(2),
            Lease = TimeSpan.Zero,
            StopTimeout = TimeSpan.Zero,
            ParkWaitsOver = TimeSpan.FromDays(1),
            MaxCommandBytes = 0,
            MaxLoggedBytes = -1,
            StopRetention = TimeSpan.Zero,
            JournalRetention = TimeSpan.Zero,
            CrashBudget = 0,
            KnownWaits = "soon",
        };

        var told = string.Join('\n', Check(everything).Failures!);

        Assert.All(
            typeof(WorkerOptions).GetProperties().Select(property => property.Name),
            name => Assert.Contains($"JobRunner__Worker__{name} is", told, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10_000, 10_000_000)]
    public void Both_ends_of_a_range_are_in_it(int slots, int maxRunners) =>
        Assert.True(Check(new WorkerOptions { Slots = slots, MaxRunners = maxRunners, DrainTimeout = TimeSpan.Zero, ParkWaitsOver = TimeSpan.Zero }).Succeeded);

    private static ValidateOptionsResult Check(WorkerOptions options) => new WorkerOptionsRules().Validate(null, options);
}
