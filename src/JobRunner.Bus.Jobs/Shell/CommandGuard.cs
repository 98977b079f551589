using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>
/// Sees to it that no command outlives this worker, though it be killed: a process of its own reads from a pipe which
/// commands are running. The kernel closes the pipe with the worker, and the guard ends them: SIGTERM, after half a
/// second SIGKILL. Started with the first command; one that is lost is replaced. Safe for use by any thread.
/// </summary>
internal sealed class CommandGuard(ILogger<CommandGuard> logger) : IDisposable
{
    /// <summary>The environment variable by which the guard knows what a command started, wherever it went.</summary>
    public const string Variable = "JOBRUNNER_MARK";

    private const string ScriptVariable = "JOBRUNNER_GUARD";

    private static readonly TimeSpan TooShortALife = TimeSpan.FromSeconds(1);
    private static readonly Lazy<string> Script = new(ReadScript);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _tokens = new(StringComparer.Ordinal);
    private Process? _guard;
    private long _startedAt;
    private bool _disposed;

    /// <summary>Process id of the guard; <see langword="null"/> while there is none.</summary>
    public int? ProcessId
    {
        get
        {
            lock (_lock)
            {
                return _guard?.Id;
            }
        }
    }

    /// <summary>Takes a command under guard, which must be called before it starts.</summary>
    public GuardedCommand Guard()
    {
        var command = new GuardedCommand(this, Convert.ToHexStringLower(Guid.NewGuid().ToByteArray()));
        Add($"m{command.Mark}");
        return command;
    }

    internal void Add(string token)
    {
        lock (_lock)
        {
            _tokens.Add(token);
            if (_guard is null)
            {
                Start();
            }
            else
            {
                Tell($"+{token}\n");
            }
        }
    }

    internal void Remove(string token)
    {
        lock (_lock)
        {
            if (_tokens.Remove(token) && _guard is not null)
            {
                Tell($"-{token}\n");
            }
        }
    }

    /// <summary>Ends the guard, and with it any command that is still under guard.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            Forget();
        }
    }

    private void Start()
    {
        var session = ProcessEntry.Read(Environment.ProcessId)?.Session ?? 0;
        var start = new ProcessStartInfo(
            CommandLauncher.Setsid!,
            ["sh", "-c", $"eval \"${ScriptVariable}\"", "jobrunner-guard", session.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
        };
        // The worker's settings may hold passwords.
        start.Environment.Clear();
        start.Environment["PATH"] = Environment.GetEnvironmentVariable("PATH");
        start.Environment[ScriptVariable] = Script.Value;
        try
        {
            var guard = new Process { StartInfo = start, EnableRaisingEvents = true };
            // Not on the caller's thread: it holds the lock of its Process, which whoever holds ours waits for to dispose of it.
            guard.Exited += (_, _) => Task.Run(() => Lost(guard));
            guard.Start();
            _guard = guard;
            _startedAt = Stopwatch.GetTimestamp();
        }
        catch (Win32Exception error)
        {
            JobsLog.NoGuard(logger, error.Message);
            return;
        }

        Tell(string.Concat(_tokens.Select(token => $"+{token}\n")));
    }

    private void Tell(string lines)
    {
        try
        {
            // Into the pipe's buffer: from there it reaches the guard even if this process ends now.
            _guard!.StandardInput.BaseStream.Write(Encoding.ASCII.GetBytes(lines));
            _guard.StandardInput.BaseStream.Flush();
        }
        catch (IOException)
        {
            // It was lost; whoever notices that starts another.
        }
    }

    private void Lost(Process guard)
    {
        lock (_lock)
        {
            if (_disposed || _guard != guard)
            {
                return;
            }

            JobsLog.GuardLost(logger, guard.ExitCode);
            Forget();
            // One that cannot live is tried again with the next command only.
            if (_tokens.Count > 0 && Stopwatch.GetElapsedTime(_startedAt) > TooShortALife)
            {
                Start();
            }
        }
    }

    private void Forget()
    {
        var guard = _guard;
        _guard = null;
        if (guard is null)
        {
            return;
        }

        try
        {
            guard.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // Its end of the pipe is gone already.
        }

        guard.Dispose();
    }

    private static string ReadScript()
    {
        using var resource = typeof(CommandGuard).Assembly.GetManifestResourceStream("guard.sh")!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd();
    }
}
