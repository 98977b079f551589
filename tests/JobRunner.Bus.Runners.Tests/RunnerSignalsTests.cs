using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>What holds back a try whose slot came in the same instant: the flags, whatever the token does.</summary>
public sealed class RunnerSignalsTests
{
    private readonly RunnerSignals _signals = new();

    [Fact]
    public void Unasked_a_runner_starts_tries_and_sleeps()
    {
        Assert.True(_signals.TryStart(new NeverTold()));
        Assert.Equal(RunnerPhase.Running, _signals.Phase);
        _signals.TryEnded(JobState.Fail);
        Assert.Equal(RunnerPhase.Recording, _signals.Phase);
        Assert.True(_signals.TrySleep());
        Assert.Equal(RunnerPhase.Sleeping, _signals.Phase);
        Assert.False(_signals.NoMoreTries.IsCancellationRequested);
        Assert.False(_signals.Leave());
        Assert.Equal(RunnerPhase.Left, _signals.Phase);
    }

    [Fact]
    public void After_a_hand_over_no_try_starts_and_no_sleep()
    {
        _signals.HandOver();

        HoldsBack();
        Assert.False(_signals.Leave());
    }

    [Fact]
    public void After_a_cut_no_try_starts_and_no_sleep()
    {
        _signals.CutTry();

        HoldsBack();
        Assert.False(_signals.Leave());
    }

    [Fact]
    public async Task After_a_stop_no_try_starts_and_no_sleep()
    {
        await _signals.StopAsync().InTime();

        HoldsBack();
        Assert.True(_signals.Leave());
    }

    [Fact]
    public async Task A_run_given_up_before_its_first_try_is_not_said_to_be_stopped()
    {
        _signals.GivenUp();

        Assert.Equal(new StopResult(StopOutcome.MovedOn, JobState.Unknown), await _signals.StopAsync().InTime());
    }

    private void HoldsBack()
    {
        Assert.True(_signals.NoMoreTries.IsCancellationRequested);
        Assert.False(_signals.TrySleep());
        Assert.False(_signals.TryStart(new NeverTold()));
        Assert.Equal(RunnerPhase.Pending, _signals.Phase);
    }

    private sealed class NeverTold : IStoppable
    {
        public Task<string?> TellToStopAsync() => Task.FromResult<string?>(null);
    }
}
