using System.Diagnostics;
using CliWrap;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>One run of a command, from its start to the end of all it started.</summary>
internal sealed class CommandRun : IDisposable
{
    // A child left in the background may hold the pipes open for ever; what was written before is read by then.
    private static readonly TimeSpan PipeGrace = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _letGo;
    private readonly OutputPipe _stdout;
    private readonly OutputPipe _stderr;
    private readonly CommandTask<CommandResult> _running;
    private readonly CommandSession _session;

    /// <summary>Starts the command.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">The system refuses to start it.</exception>
    public CommandRun(Command command, GuardedCommand guarded, ShellJobOptions options, TimeProvider time, Action<string> onLine)
    {
        _letGo = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _stdout = new OutputPipe(options.MaxOutputBytes, onLine, _letGo.Token);
        _stderr = new OutputPipe(options.MaxOutputBytes, onLine, _letGo.Token);
        _running = command
            .WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(_stdout)
            .WithStandardErrorPipe(_stderr)
            .ExecuteAsync();
        guarded.Started(_running.ProcessId);
        _session = new CommandSession(_running.ProcessId, time);
    }

    /// <summary>Whether processes are left that could not be ended.</summary>
    public bool LeftBehind { get; private set; }

    /// <summary>Waits for the end of the command, or brings it about when told to stop.</summary>
    /// <param name="grace">How long the command may take to end after SIGTERM.</param>
    /// <param name="stopToken">Tells the command to stop.</param>
    public async Task<JobResult> WaitAsync(TimeSpan grace, CancellationToken stopToken)
    {
        var exited = WaitForExitAsync();
        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stopToken.Register(stop.SetResult);

        // A command that ended by itself just before the stop has its own result.
        var stopped = await Task.WhenAny(exited, stop.Task) != exited;
        if (stopped)
        {
            var left = await _session.EndAsync(exited, grace);
            LeftBehind = left.Count > 0;
            if (LeftBehind && !exited.IsCompleted)
            {
                await _letGo.CancelAsync();
                return Result(JobState.Stopped, 1, $"could not end the command: still there are processes {string.Join(", ", left)}");
            }
        }

        await exited;
        _letGo.CancelAfter(PipeGrace);
        var exit = (await _running).ExitCode;
        var state = stopped ? JobState.Stopped : exit == 0 ? JobState.Complete : JobState.Fail;
        return Result(state, exit, ExitStatus.ToError(exit));
    }

    /// <summary>Forgets the command; one that could not be ended goes on unseen.</summary>
    public void Dispose() => _letGo.Dispose();

    private JobResult Result(JobState state, int exit, string? error) => new()
    {
        State = state,
        Exit = exit,
        Error = error,
        Stdout = _stdout.ToString(),
        Stderr = _stderr.ToString(),
    };

    /// <summary>The command's own end, which its task does not tell: that one waits for the pipes too.</summary>
    private async Task WaitForExitAsync()
    {
        try
        {
            using var process = Process.GetProcessById(_running.ProcessId);
            await process.WaitForExitAsync();
        }
        catch (ArgumentException)
        {
            // It has ended already.
        }
    }
}
