using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Shell;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class ShellStopTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("shell-stop-");
    private readonly CancellationTokenSource _stop = new();

    public void Dispose()
    {
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_stop_before_the_start_starts_nothing()
    {
        await using var worker = TestWorker.WithShell();
        await _stop.CancelAsync();

        var result = await worker.StartCommand("/usr/bin/touch", [File("touched")], _stop.Token).Result;

        Assert.Equal(JobState.Stopped, result.State);
        Assert.False(System.IO.File.Exists(File("touched")));
    }

    [Fact]
    public async Task A_stop_ends_the_command_and_keeps_its_output()
    {
        await using var worker = TestWorker.WithShell();
        var run = Script(worker, "echo begun; echo $$ > pid; exec sleep 300");
        var pid = await PidAsync("pid");

        await _stop.CancelAsync();
        var result = await run.Result;

        Assert.Equal(JobState.Stopped, result.State);
        Assert.Equal("begun\n", result.Stdout);
        Assert.Equal("signal: terminated (exit status 143)", result.Error);
        Assert.False(Lives(pid));
    }

    [Fact]
    public async Task A_stop_right_after_the_start_works_too()
    {
        await using var worker = TestWorker.WithShell();
        for (var i = 0; i < 20; i++)
        {
            using var stop = new CancellationTokenSource();
            var run = worker.StartCommand("/bin/sleep", ["300"], stop.Token);
            await stop.CancelAsync();
            Assert.Equal(JobState.Stopped, (await run.Result.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).State);
        }
    }

    [Fact]
    public async Task A_command_that_ends_well_on_SIGTERM_is_stopped_not_complete()
    {
        await using var worker = TestWorker.WithShell();
        var run = Script(worker, "trap 'echo tidied; exit 0' TERM; echo $$ > pid; while :; do sleep 0.05; done");
        await PidAsync("pid");

        await _stop.CancelAsync();
        var result = await run.Result;

        Assert.Equal(JobState.Stopped, result.State);
        Assert.Equal(0, result.Exit);
        Assert.Equal("tidied\n", result.Stdout);
    }

    [Fact]
    public async Task A_stop_ends_children_and_grandchildren()
    {
        await using var worker = TestWorker.WithShell();
        var run = Script(
            worker,
            "sleep 300 & echo $! > child; sh -c 'sleep 300 & echo $! > grandchild; wait' & echo $$ > pid; sleep 300");
        int[] pids = [await PidAsync("child"), await PidAsync("grandchild"), await PidAsync("pid")];
        Assert.All(pids, pid => Assert.True(Lives(pid)));

        var watch = Stopwatch.StartNew();
        await _stop.CancelAsync();
        await run.Result;

        Assert.All(pids, pid => Assert.False(Lives(pid)));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(8), $"all died of SIGTERM, yet it took {watch.Elapsed}");
    }

    [Fact]
    public async Task Children_in_groups_and_sessions_of_their_own_are_ended_too()
    {
        await using var worker = TestWorker.WithShell();
        var run = Script(
            worker,
            "timeout 300 sh -c 'echo $$ > group; sleep 300' & setsid sh -c 'echo $$ > session; sleep 300' & wait");
        int[] pids = [await PidAsync("group"), await PidAsync("session")];

        await _stop.CancelAsync();
        await run.Result;

        Assert.All(pids, pid => Assert.False(Lives(pid)));
    }

    [Fact]
    public async Task A_child_that_ignores_SIGTERM_is_killed_after_the_grace_period()
    {
        await using var worker = TestWorker.WithShell(("Shell:GracePeriod", "00:00:00.7"));
        var run = Script(worker, "sh -c 'trap \"\" TERM; echo $$ > stubborn; while :; do sleep 1; done' & sleep 300");
        var pid = await PidAsync("stubborn");

        var watch = Stopwatch.StartNew();
        await _stop.CancelAsync();
        var result = await run.Result;

        Assert.Equal(JobState.Stopped, result.State);
        Assert.False(Lives(pid));
        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(650), $"killed after only {watch.Elapsed}");
    }

    [Fact]
    public async Task A_command_that_ignores_SIGTERM_is_killed_after_the_grace_period()
    {
        await using var worker = TestWorker.WithShell(("Shell:GracePeriod", "00:00:00.3"));
        var run = Script(worker, "trap '' TERM; echo $$ > pid; while :; do sleep 1; done");
        var pid = await PidAsync("pid");

        await _stop.CancelAsync();
        var result = await run.Result;

        Assert.Equal("signal: killed (exit status 137)", result.Error);
        Assert.Equal(137, result.Exit);
        Assert.False(Lives(pid));
    }

    [Fact]
    public async Task A_stubborn_child_in_a_session_of_its_own_is_killed_though_its_parent_died_first()
    {
        await using var worker = TestWorker.WithShell(("Shell:GracePeriod", "00:00:00.5"));
        var run = Script(
            worker,
            "setsid sh -c 'trap \"\" TERM; echo $$ > stubborn; while :; do sleep 1; done' & echo $$ > pid; wait");
        int[] pids = [await PidAsync("stubborn"), await PidAsync("pid")];

        await _stop.CancelAsync();
        await run.Result;

        Assert.All(pids, pid => Assert.False(Lives(pid)));
    }

    [Fact]
    public async Task A_paused_command_is_stopped_without_waiting_for_the_grace_period()
    {
        await using var worker = TestWorker.WithShell(("Shell:GracePeriod", "00:01:00"));
        var run = Script(worker, "echo $$ > pid; kill -STOP $$");
        var pid = await PidAsync("pid");
        await Eventually.HoldsAsync(
            "it is paused", () => System.IO.File.ReadAllText($"/proc/{pid}/stat").Contains(") T ", StringComparison.Ordinal));

        await _stop.CancelAsync();
        var result = await run.Result.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

        Assert.Equal(JobState.Stopped, result.State);
    }

    [Fact]
    public async Task A_storm_of_forks_is_ended()
    {
        await using var worker = TestWorker.WithShell(("Shell:GracePeriod", "00:00:00.1"));
        var run = Script(worker, "trap '' TERM; while :; do sleep 301 & echo $! > next; mv next last; sleep 0.01; done");
        await PidAsync("last");

        await _stop.CancelAsync();
        var result = await run.Result;
        var last = await PidAsync("last");

        Assert.Equal(JobState.Stopped, result.State);
        Assert.False(Lives(last));
        Assert.DoesNotContain(ProcessEntry.All(), process => CommandLine(process.Id) == "sleep\0301\0");
    }

    private static string CommandLine(int pid)
    {
        try
        {
            return System.IO.File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static bool Lives(int pid) => ProcessEntry.Read(pid) is not null;

    private string File(string name) => Path.Combine(_folder.FullName, name);

    private TestRun Script(TestWorker worker, string script) =>
        worker.StartCommand("/bin/sh", ["-c", $"cd {_folder.FullName}; {script}"], _stop.Token);

    private async Task<int> PidAsync(string name)
    {
        var pid = 0;
        await Eventually.HoldsAsync(
            $"{name} holds a process id",
            () => System.IO.File.Exists(File(name))
                && int.TryParse(System.IO.File.ReadAllText(File(name)), CultureInfo.InvariantCulture, out pid));
        return pid;
    }
}
