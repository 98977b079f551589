using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs.Shell;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Jobs.Tests;

public sealed class ShellCommandTests : IAsyncDisposable
{
    private readonly TestWorker _worker = TestWorker.WithShell();

    public ValueTask DisposeAsync() => _worker.DisposeAsync();

    [Fact]
    public async Task A_command_that_exits_0_is_complete_with_its_output()
    {
        var run = _worker.StartCommand("/bin/sh", ["-c", "echo out; echo err >&2"], TestContext.Current.CancellationToken);
        var result = await run.Result;

        Assert.Equal(JobState.Complete, result.State);
        Assert.Equal(0, result.Exit);
        Assert.Null(result.Error);
        Assert.Equal("out\n", result.Stdout);
        Assert.Equal("err\n", result.Stderr);
        Assert.Equal("done running /bin/sh", run.Context.Status);
    }

    [Fact]
    public async Task A_command_is_found_on_PATH() => Assert.Equal("hi\n", (await _worker.RunCommandAsync("echo", "hi")).Stdout);

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        string[] arguments =
            ["", " ", "a b", "\"", "'", "\\", "\\\"", "a\\\\", "$HOME", "*", ";rm", "line\nbreak", "\t", "ü€😀", "--wait", "-c", "%d"];

        var result = await _worker.RunCommandAsync("/bin/sh", ["-c", "for a in \"$@\"; do printf '<%s>' \"$a\"; done", "x", .. arguments]);

        Assert.Equal(string.Concat(arguments.Select(argument => $"<{argument}>")), result.Stdout);
    }

    [Fact]
    public async Task The_real_exit_code_is_kept()
    {
        var result = await _worker.RunScriptAsync("echo partly; exit 7");

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal(7, result.Exit);
        Assert.Equal("exit status 7", result.Error);
        Assert.Equal("partly\n", result.Stdout);
    }

    [Theory]
    [InlineData(65, false)]
    [InlineData(66, true)]
    public async Task An_exit_code_that_the_bytes_name_is_not_tried_again(int exit, bool permanent)
    {
        var result = await _worker.RunAsync(
            BuiltInJobs.ShellCommand, $$"""{"cmd": "/bin/sh", "args": ["-c", "exit {{exit}}"], "permanentExits": [64, 66]}""");

        Assert.Equal((JobState.Fail, exit, permanent), (result.State, result.Exit, result.Permanent));
    }

    [Theory]
    [InlineData("[0]", "\"permanentExits\" of the shell-command job has 0; exit codes of failures are 1 to 255")]
    [InlineData("[1, 256]", "\"permanentExits\" of the shell-command job has 256; exit codes of failures are 1 to 255")]
    public void Exit_codes_that_no_failure_has_are_refused(string exits, string reason) => Assert.Equal(
        reason,
        Assert.Throws<FormatException>(() => _worker.Make(BuiltInJobs.ShellCommand, $$"""{"cmd": "/bin/true", "permanentExits": {{exits}}}""")).Message);

    [Theory]
    [InlineData("KILL", 137, "signal: killed (exit status 137)")]
    [InlineData("TERM", 143, "signal: terminated (exit status 143)")]
    [InlineData("SEGV", 139, "signal: segmentation fault (exit status 139)")]
    public async Task A_command_ended_by_a_signal_fails_with_128_and_its_number(string signal, long exit, string error)
    {
        var result = await _worker.RunScriptAsync($"kill -{signal} $$");

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal(exit, result.Exit);
        Assert.Equal(error, result.Error);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, "exit status 1")]
    [InlineData(128, "exit status 128")]
    [InlineData(129, "signal: hangup (exit status 129)")]
    [InlineData(144, "exit status 144")]
    [InlineData(255, "exit status 255")]
    public void Exit_codes_read_as_in_Go(int code, string? error) => Assert.Equal(error, ExitStatus.ToError(code));

    [Theory]
    [InlineData("no-such-program", "exec: \"no-such-program\": executable file not found in $PATH")]
    [InlineData("/no/such/program", "fork/exec /no/such/program: no such file or directory")]
    [InlineData("/etc/passwd", "fork/exec /etc/passwd: permission denied")]
    [InlineData("/etc", "fork/exec /etc: permission denied")]
    public async Task A_program_that_is_not_there_or_not_executable_fails_with_a_clear_error(string command, string error)
    {
        var result = await _worker.RunCommandAsync(command);

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal(1, result.Exit);
        Assert.Equal(error, result.Error);
    }

    [Theory]
    [InlineData("#!/bin/sh\r\necho hi\r\n", "its first line ends with CR LF, as Windows writes it, so that no program \"/bin/sh\\r\" is found: save it with LF alone")]
    [InlineData("#! /usr/bin/env sh\r\n", "its first line ends with CR LF")]
    [InlineData("#!/no/such/interpreter -x\n", "its first line names /no/such/interpreter, which is not there")]
    public async Task A_script_whose_first_line_leads_nowhere_says_so(string script, string says)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.sh");
        await File.WriteAllTextAsync(path, script, TestContext.Current.CancellationToken);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        var result = await _worker.RunCommandAsync(path);

        File.Delete(path);
        Assert.Equal((JobState.Fail, 1), (result.State, (int)result.Exit));
        Assert.StartsWith($"fork/exec {path}: ", result.Error, StringComparison.Ordinal);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_too_long_for_the_system_fail_with_a_clear_error()
    {
        var result = await _worker.RunCommandAsync("/bin/echo", new string('x', 4_000_000));

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal("fork/exec /bin/echo: Argument list too long", result.Error);
    }

    [Fact]
    public async Task A_pipeline_whose_reader_ends_first_ends_quietly()
    {
        var result = await _worker.RunScriptAsync("yes | head -n 1");

        Assert.Equal("y\n", result.Stdout);
        Assert.Equal("", result.Stderr);
    }

    [Fact]
    public async Task A_program_whose_path_holds_an_equals_sign_runs()
    {
        var folder = Directory.CreateTempSubdirectory("a=b-");
        var program = Path.Combine(folder.FullName, "echo");
        File.CreateSymbolicLink(program, "/bin/echo");

        Assert.Equal("hi\n", (await _worker.RunCommandAsync(program, "hi")).Stdout);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Standard_input_is_empty() => Assert.Equal("0\n", (await _worker.RunScriptAsync("wc -c")).Stdout);

    [Fact]
    public async Task The_command_knows_its_request_job_and_try() =>
        Assert.Equal(
            "r1 j1 3\n",
            (await _worker.RunScriptAsync("echo $JOBRUNNER_REQUEST_ID $JOBRUNNER_JOB_ID $JOBRUNNER_TRY")).Stdout);

    [Fact]
    public async Task Settings_of_the_worker_are_not_passed_on_but_the_rest_of_its_environment_is()
    {
        Environment.SetEnvironmentVariable("JobRunner__RabbitMq__Uri", "amqp://user:secret-1@host");
        Environment.SetEnvironmentVariable("JOBRUNNER__REQUESTMANAGER__TOKEN", "secret-2");
        Environment.SetEnvironmentVariable("OTHER_SETTING", "kept");

        var result = await _worker.RunCommandAsync("env");

        Assert.DoesNotContain("JobRunner__", result.Stdout, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secret-", result.Stdout, StringComparison.Ordinal);
        Assert.Contains("OTHER_SETTING=kept\n", result.Stdout, StringComparison.Ordinal);
        Assert.Contains("PATH=", result.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_shows_the_last_line_of_output_while_the_command_runs()
    {
        using var stop = new CancellationTokenSource();
        var run = _worker.StartCommand("/bin/sh", ["-c", "echo step 1; printf 'step \\033[1m2\\n\\n'; sleep 60"], stop.Token);

        await Eventually.HoldsAsync(
            $"the status shows the line: {run.Context.Status}", () => run.Context.Status == "running /bin/sh: step  [1m2");
        await stop.CancelAsync();
        await run.Result;
    }

    [Fact]
    public async Task A_child_left_in_the_background_does_not_hold_the_job_and_goes_on()
    {
        var watch = Stopwatch.StartNew();
        var result = await _worker.RunScriptAsync("sleep 60 & echo $!");

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"it took {watch.Elapsed}");
        Assert.Equal(JobState.Complete, result.State);
        using var child = Process.GetProcessById(int.Parse(result.Stdout, System.Globalization.CultureInfo.InvariantCulture));
        Assert.False(child.HasExited);
        child.Kill();
    }

    [Theory]
    [InlineData(null, "the bytes of the shell-command job are empty")]
    [InlineData("{}", "no \"cmd\"")]
    [InlineData("null", "no \"cmd\"")]
    [InlineData("""{"cmd": ""}""", "no \"cmd\"")]
    [InlineData("""{"cmd": 1}""", "at $.cmd")]
    [InlineData("""{"cmd": "x", "args": "a b"}""", "at $.args")]
    [InlineData("""{"cmd": "x", "args": ["a\u0000b"]}""", "NUL")]
    public void Bytes_that_make_no_sense_are_refused(string? bytes, string message)
    {
        var error = Assert.Throws<FormatException>(() => _worker.Make("shell-command", bytes));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_as_the_seed_writes_them_are_read()
    {
        Assert.Equal("\n", (await _worker.RunAsync("shell-command", """{"cmd":"/bin/echo"}""", TestContext.Current.CancellationToken)).Stdout);
        Assert.Equal(
            "a  <b>\n",
            (await _worker.RunAsync("shell-command", """{"cmd":"/bin/echo","args":["a",null,"\u003cb\u003e"]}""", TestContext.Current.CancellationToken)).Stdout);
    }

    [Fact]
    public async Task A_worker_with_commands_off_refuses_them_and_says_how_to_turn_them_on()
    {
        await using var worker = new TestWorker();
        var error = Assert.Throws<InvalidOperationException>(() => worker.Make("shell-command", """{"cmd":"/bin/true"}"""));
        Assert.Equal(
            "job type \"shell-command\" is off; set JobRunner__Jobs__Shell__Enabled=true on the worker", error.Message);
    }
}
