using System.ComponentModel;
using System.Runtime.InteropServices;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>
/// Runs a program, without a shell. Exit 0 is COMPLETE, any other FAIL with that exit code. A stop ends the program and
/// all it started; when the program ends by itself, what it left in the background goes on, and its output is no longer
/// read.
/// </summary>
internal sealed class ShellCommandJob(IOptions<BuiltInJobsOptions> options, CommandGuard guard, CommandUsers users, AllowedCommands allowed, TimeProvider time) : IJob
{
    private readonly ShellJobOptions _options = options.Value.Shell;
    private string _command = "";
    private IReadOnlyList<string> _arguments = [];
    private IReadOnlyList<int> _permanentExits = [];

    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
        if (!_options.Enabled)
        {
            throw new InvalidOperationException(
                "job type \"shell-command\" is off; set JobRunner__Jobs__Shell__Enabled=true on the worker");
        }

        (_command, _arguments, _permanentExits) = ShellCommandBytes.Read(bytes);
        if (allowed.WhyNot(_command, CommandLauncher.Find(_command).Path, _arguments) is { } why)
        {
            throw new InvalidOperationException(why);
        }
    }

    public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        if (stopToken.IsCancellationRequested)
        {
            return JobResult.Stopped();
        }

        var (path, error) = CommandLauncher.Find(_command);
        if (path is null)
        {
            return JobResult.Fail(error!);
        }

        // It may be found elsewhere by now.
        if (allowed.WhyNot(_command, path, _arguments) is { } why)
        {
            return JobResult.Fail(why);
        }

        var running = $"running {_command}";
        context.ReportStatus(running);
        var guarded = guard.Guard();
        var leftBehind = false;
        try
        {
            var user = users.Current;
            var command = CommandLauncher.Launch(path, _arguments, user)
                .WithEnvironmentVariables(CommandEnvironment.For(context, guarded.Mark, user));
            using var run = new CommandRun(command, guarded, _options, time, line => context.ReportStatus($"{running}: {line}"));
            var result = await run.WaitAsync(_options.GracePeriod, stopToken);
            leftBehind = run.LeftBehind;
            return result with { Permanent = _permanentExits.Contains((int)result.Exit) };
        }
        catch (Win32Exception refused)
        {
            return JobResult.Fail($"fork/exec {_command}: {Marshal.GetPInvokeErrorMessage((refused.InnerException as Win32Exception ?? refused).NativeErrorCode)}");
        }
        finally
        {
            if (!leftBehind)
            {
                guarded.Release();
            }

            context.ReportStatus($"done {running}");
        }
    }
}
