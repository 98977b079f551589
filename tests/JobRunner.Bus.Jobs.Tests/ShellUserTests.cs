using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Shell;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Tests;

/// <summary>Commands as a user of their own. Needs root, as such a worker does; without it, that this is told.</summary>
public sealed class ShellUserTests : IDisposable
{
    private static readonly bool IsRoot = Environment.IsPrivilegedProcess;

    // Open to all, unlike what is in it.
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("user-");

    public ShellUserTests() => SetMode(_folder.FullName, (UnixFileMode)0b111_111_111);

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task AsNobodyAsync(Func<TestWorker, Task> test)
    {
        if (!IsRoot)
        {
            Assert.Contains("it lacks CAP_KILL, CAP_SETGID, CAP_SETUID; run it as root", CommandUser.Find("nobody").Problem);
            return;
        }

        await using var worker = TestWorker.WithShell(("Shell:User", "nobody"), ("Shell:GracePeriod", "00:00:00.3"));
        await test(worker);
    }

    [Fact]
    public Task A_command_is_that_user_in_every_respect_and_cannot_become_another() => AsNobodyAsync(async worker =>
    {
        var result = await worker.RunScriptAsync("id -ru; id -u; id -rg; id -G; grep -E '^(CapEff|CapPrm|CapInh|CapAmb|NoNewPrivs)' /proc/self/status | cut -f2; pwd");

        const string None = "0000000000000000";
        Assert.Equal(["65534", "65534", "65534", "65534", None, None, None, None, "1", "/"], Lines(result.Stdout));
    });

    [Fact]
    public Task It_sees_its_own_home_and_name_and_nothing_of_the_workers_environment() => AsNobodyAsync(async worker =>
    {
        Environment.SetEnvironmentVariable("SECRET_OF_THE_WORKER", "s3cr3t");
        var result = await worker.RunCommandAsync("env");

        var variables = Lines(result.Stdout).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        Assert.Equal(("/nonexistent", "nobody", "nobody", "r1", "j1"),
            (variables["HOME"], variables["USER"], variables["LOGNAME"], variables["JOBRUNNER_REQUEST_ID"], variables["JOBRUNNER_JOB_ID"]));
        Assert.Empty(variables.Keys
            .Where(name => !name.StartsWith("JOBRUNNER_", StringComparison.Ordinal) && !name.StartsWith("LC_", StringComparison.Ordinal))
            .Except(["PATH", "LANG", "LANGUAGE", "TZ", "HOME", "USER", "LOGNAME", "SHELL", "TRACEPARENT"]));
    });

    [Fact]
    public Task It_cannot_read_what_is_the_workers_alone() => AsNobodyAsync(async worker =>
    {
        var secret = Path.Combine(_folder.FullName, "secret");
        await File.WriteAllTextAsync(secret, "s3cr3t");
        SetMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        var result = await worker.RunCommandAsync("/bin/cat", secret);

        Assert.Equal((JobState.Fail, 1, ""), (result.State, result.Exit, result.Stdout));
        Assert.Contains("Permission denied", result.Stderr);
    });

    [Fact]
    public Task A_stop_ends_it_and_all_it_started() => AsNobodyAsync(async worker =>
    {
        using var stop = new CancellationTokenSource();
        var run = worker.StartCommand(
            "/bin/sh", ["-c", $"cd {_folder.FullName}; setsid sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; done' & trap '' TERM; echo $$ > pid; while :; do sleep 1; done"], stop.Token);
        var pids = new[] { await PidAsync("pid"), await PidAsync("child") };

        await stop.CancelAsync();

        Assert.Equal(JobState.Stopped, (await run.Result).State);
        Assert.DoesNotContain(pids, pid => ProcessEntry.Read(pid) is not null);
    });

    [Fact]
    public Task It_ends_with_its_worker() => AsNobodyAsync(async worker =>
    {
        _ = worker.StartCommand("/bin/sh", ["-c", $"cd {_folder.FullName}; setsid sh -c 'echo $$ > child; exec sleep 300' & echo $$ > pid; wait; sleep 300"]);
        var pids = new[] { await PidAsync("pid"), await PidAsync("child") };

        await worker.DisposeAsync();

        await Eventually.HoldsAsync("both are gone", () => !pids.Any(pid => ProcessEntry.Read(pid) is not null));
    });

    [Fact]
    public async Task Numbers_will_do_also_those_of_nobody_known()
    {
        if (!IsRoot)
        {
            Assert.Contains("it lacks", CommandUser.Find("54321:65534").Problem);
            return;
        }

        await using var worker = TestWorker.WithShell(("Shell:User", "54321:65534"));

        Assert.Equal("54321 65534 54321 /\n", (await worker.RunScriptAsync("echo $(id -u) $(id -G) $USER $HOME")).Stdout);
    }

    [Theory]
    [InlineData("no-such-user", "there is no such user on this machine")]
    [InlineData("nobody:no-such-group", "there is no such group on this machine")]
    [InlineData("54321", "a user without a name needs a group, such as 1000:1000")]
    [InlineData("root", "it must not be root")]
    [InlineData("0:0", "it must not be root")]
    [InlineData("00:1000", "it must not be root")]
    [InlineData("000:1", "it must not be root")]
    [InlineData("a:b:c", "it must be a user, or user:group")]
    [InlineData(":", "it must be a user, or user:group")]
    [InlineData("--help", "it must be a user, or user:group")]
    public async Task A_user_that_cannot_be_is_told_when_the_worker_starts(string user, string why)
    {
        await using var worker = TestWorker.WithShell(("Shell:User", user));

        var error = Assert.Throws<OptionsValidationException>(() => worker.RunScriptAsync("true").Wait());

        Assert.StartsWith($"JobRunner__Jobs__Shell__User is \"{user}\", but {why}", Assert.Single(error.Failures));
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private async Task<int> PidAsync(string name)
    {
        var pid = 0;
        await Eventually.HoldsAsync($"{name} tells its process id", () =>
            File.Exists(Path.Combine(_folder.FullName, name))
            && int.TryParse(File.ReadAllText(Path.Combine(_folder.FullName, name)), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out pid));
        return pid;
    }
}
