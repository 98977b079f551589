using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Shell;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Jobs.Tests;

/// <summary>What a command started ends with its worker. Disposing of the worker's services closes the pipe, as its death does.</summary>
public sealed class CommandGuardTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("guard-");
    private readonly List<int> _pids = [];

    public void Dispose()
    {
        foreach (var pid in _pids.Where(Lives))
        {
            using var left = Process.GetProcessById(pid);
            left.Kill();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Nothing_a_command_started_outlives_the_worker_wherever_it_went()
    {
        await using var worker = TestWorker.WithShell();
        _ = Script(
            worker,
            """
            sleep 300 & echo $! > child
            sh -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 1; done' &
            setsid sh -c 'sh -c "echo \$\$ > daemon; exec sleep 300" & exit' &
            env -i /bin/sh -c 'echo $$ > bare; exec /bin/sleep 300' &
            sh -c 'echo $$ > paused; kill -STOP $$' &
            echo $$ > pid; wait; sleep 300
            """);
        foreach (var name in (string[])["child", "stubborn", "daemon", "bare", "paused", "pid"])
        {
            await PidAsync(name);
        }

        var watch = Stopwatch.StartNew();
        await worker.DisposeAsync();

        await Eventually.HoldsAsync("all are gone", () => !_pids.Exists(Lives));
        Assert.True(watch.Elapsed > TimeSpan.FromMilliseconds(300), "SIGTERM comes first");
    }

    [Fact]
    public async Task A_guard_that_ends_as_its_worker_lets_go_of_it_holds_up_neither()
    {
        var guard = new CommandGuard(NullLogger<CommandGuard>.Instance);
        guard.Guard();
        var process = (Process)typeof(CommandGuard).GetField("_guard", BindingFlags.Instance | BindingFlags.NonPublic)!.GetValue(guard)!;
        var exited = typeof(Process).GetMethod("OnExited", BindingFlags.Instance | BindingFlags.NonPublic)!;
        var lettingGo = new Thread(guard.Dispose) { IsBackground = true };

        await Task.Factory.StartNew(EndsMeanwhile, TaskCreationOptions.LongRunning).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(lettingGo.Join(TimeSpan.FromSeconds(20)));

        void EndsMeanwhile()
        {
            // .NET tells of an end under this lock, which whoever disposes of the process takes too.
            lock (process)
            {
                lettingGo.Start();
                SpinWait.SpinUntil(() => lettingGo.ThreadState.HasFlag(System.Threading.ThreadState.WaitSleepJoin), TimeSpan.FromSeconds(10));
                exited.Invoke(process, null);
            }
        }
    }

    [Fact]
    public async Task A_command_may_tidy_up_on_SIGTERM_when_its_worker_dies()
    {
        await using var worker = TestWorker.WithShell();
        _ = Script(worker, "trap 'echo tidied > tidied; exit' TERM; echo $$ > pid; while :; do sleep 0.02; done");
        await PidAsync("pid");

        await worker.DisposeAsync();

        await Eventually.HoldsAsync("it tidied up", () => File.Exists(Name("tidied")) && !_pids.Exists(Lives));
    }

    [Fact]
    public async Task What_a_command_that_ended_left_in_the_background_goes_on()
    {
        await using var worker = TestWorker.WithShell();
        var ended = Script(worker, "sleep 300 >/dev/null 2>&1 & echo $! > left");
        _ = Script(worker, "echo $$ > runs; exec sleep 300");
        Assert.Equal(JobState.Complete, (await ended).State);
        var left = await PidAsync("left");
        var runs = await PidAsync("runs");
        var guard = worker.Services.GetRequiredService<CommandGuard>().ProcessId!.Value;

        await worker.DisposeAsync();

        await Eventually.HoldsAsync("the guard is through", () => !Lives(runs) && !Lives(guard));
        Assert.True(Lives(left));
    }

    [Fact]
    public async Task A_guard_that_is_killed_is_replaced_and_the_new_one_knows_what_runs()
    {
        await using var worker = TestWorker.WithShell();
        var runs = Script(worker, "echo $$ > pid; exec sleep 300");
        await PidAsync("pid");
        var guard = worker.Services.GetRequiredService<CommandGuard>();
        var first = guard.ProcessId!.Value;
        // One that dies at once is not replaced at once.
        await Task.Delay(TimeSpan.FromMilliseconds(1100), TestContext.Current.CancellationToken);
        using (var process = Process.GetProcessById(first))
        {
            process.Kill();
        }

        await Eventually.HoldsAsync("there is another", () => guard.ProcessId is { } second && second != first);
        Assert.False(runs.IsCompleted);
        await worker.DisposeAsync();

        await Eventually.HoldsAsync("the command is gone", () => !_pids.Exists(Lives));
    }

    [Fact]
    public async Task Without_a_command_there_is_no_guard_and_none_is_left_after_a_normal_end()
    {
        await using var worker = TestWorker.WithShell();
        var guard = worker.Services.GetRequiredService<CommandGuard>();
        Assert.Null(guard.ProcessId);
        Assert.Equal("hi\n", (await worker.RunCommandAsync("echo", "hi")).Stdout);
        var id = guard.ProcessId!.Value;
        Assert.True(Lives(id));
        Assert.DoesNotContain("HOME=", await File.ReadAllTextAsync($"/proc/{id}/environ", TestContext.Current.CancellationToken));

        await worker.DisposeAsync();

        await Eventually.HoldsAsync("the guard is gone", () => !Lives(id));
    }

    private static bool Lives(int pid) => ProcessEntry.Read(pid) is not null;

    private string Name(string name) => Path.Combine(_folder.FullName, name);

    private Task<JobResult> Script(TestWorker worker, string script) =>
        worker.StartCommand("/bin/sh", ["-c", $"cd {_folder.FullName}; {script}"]).Result;

    private async Task<int> PidAsync(string name)
    {
        var pid = 0;
        await Eventually.HoldsAsync(
            $"{name} holds a process id",
            () => File.Exists(Name(name)) && int.TryParse(File.ReadAllText(Name(name)), CultureInfo.InvariantCulture, out pid));
        _pids.Add(pid);
        return pid;
    }
}
