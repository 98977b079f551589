using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>What operators read: ids, levels and numbers are stable.</summary>
public sealed class EventsTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_failed_and_a_completed_try_tell_their_numbers_state_and_duration()
    {
        var job = FakeJob.Does(context =>
        {
            _rig.Time.Advance(TimeSpan.FromMilliseconds(1500));
            return context.Try == 5 ? JobResult.Fail("no", exit: 2) : JobResult.Complete();
        });

        await _rig.Make(job, Rig.Command(retry: 3, prevTries: 1, totalTries: 4)).RunAsync().InTime();

        Assert.Equal(
            [
                (1000, LogLevel.Debug, "Try 5 starts (2 of 4)"),
                (1001, LogLevel.Debug, "Try 5 ended: FAIL, exit 2, after 1.5 s"),
                (1002, LogLevel.Warning, "Try 5 failed: FAIL; 2 tries left"),
                (1000, LogLevel.Debug, "Try 6 starts (3 of 4)"),
                (1001, LogLevel.Debug, "Try 6 ended: COMPLETE, exit 0, after 1.5 s"),
            ],
            Events());
    }

    [Fact]
    public async Task A_state_that_a_stop_changes_is_told_as_it_was()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Fail("cut", exit: 3));
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        await runner.StopAsync().InTime();
        await run.InTime();

        Assert.Equal(
            [
                (1000, LogLevel.Debug, "Try 1 starts (1 of 1)"),
                (1001, LogLevel.Debug, "Try 1 ended: STOPPED, exit 3, after 0 s"),
                (1003, LogLevel.Information, "Try 1 was told to stop: state FAIL becomes STOPPED"),
            ],
            Events());
    }

    private IEnumerable<(int Id, LogLevel Level, string Message)> Events() =>
        _rig.Logger.Collector.GetSnapshot().Select(record => (record.Id.Id, record.Level, record.Message));
}
