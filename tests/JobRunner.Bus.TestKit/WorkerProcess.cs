using System.Collections.Concurrent;
using System.Diagnostics;

namespace JobRunner.Bus.TestKit;

/// <summary>The program <c>jobrunner</c> as a process of its own, with what it wrote.</summary>
public sealed class WorkerProcess : IAsyncDisposable
{
    private int _disposed;
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private WorkerProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Resident size, bytes.</summary>
    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>Everything it wrote so far.</summary>
    public string Output => string.Join('\n', _lines);

    /// <summary>Starts a worker on a broker and waits until it takes work.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="settings">Its environment.</param>
    /// <param name="within">How long to wait.</param>
    /// <param name="program">The assembly to start: the product's program, or a host of a test's own.</param>
    public static async Task<WorkerProcess> StartAsync(
        Uri broker, IReadOnlyDictionary<string, string>? settings = null, TimeSpan? within = null, string program = "jobrunner")
    {
        ArgumentNullException.ThrowIfNull(broker);
        var all = new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
        {
            ["JobRunner__Transport"] = "RabbitMq",
            ["JobRunner__RabbitMq__Uri"] = broker.ToString(),
        };
        var worker = Start(program == "jobrunner" ? ["worker"] : [], all, program);
        try
        {
            await Eventually.HoldsAsync("the worker takes work", () => worker.Output.Contains("takes work", StringComparison.Ordinal) || worker.HasExited, within);
            return worker.HasExited ? throw new InvalidOperationException($"the worker ended: {worker.Output}") : worker;
        }
        catch (TimeoutException error)
        {
            throw new InvalidOperationException($"the worker does not take work: {worker.Output}", error);
        }
    }

    /// <summary>Starts the program, in the top folder of the repository.</summary>
    public static WorkerProcess Start(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> settings, string program = "jobrunner")
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, program + ".dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        return new WorkerProcess(Process.Start(start)!);
    }

    /// <summary>Kills it at once, as the kernel would.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Pauses it (SIGSTOP).</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>Lets it go on (SIGCONT).</summary>
    public Task ContinueAsync() => SignalAsync("CONT");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Asks it to end (SIGTERM) and waits.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> TerminateAsync()
    {
        await SignalAsync("TERM");
        return await ExitCodeAsync();
    }

    /// <summary>Presses Ctrl-C (SIGINT) and waits.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="InvalidOperationException">It was started by somebody who ignores Ctrl-C, as a shell's background job does, and so does it.</exception>
    public async Task<int> InterruptAsync()
    {
        const int Interrupt = 1 << (2 - 1);
        var ignored = (await File.ReadAllLinesAsync($"/proc/{_process.Id}/status")).First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal));
        if ((Convert.ToUInt64(ignored["SigIgn:".Length..].Trim(), 16) & Interrupt) != 0)
        {
            throw new InvalidOperationException("SIGINT is ignored by whoever started the tests: run them in the foreground");
        }

        await SignalAsync("INT");
        return await ExitCodeAsync();
    }

    /// <summary>Waits for its end.</summary>
    /// <exception cref="TimeoutException">It has not ended within two minutes; holds what it said.</exception>
    public async Task<int> ExitCodeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"it has not ended within two minutes; it said:\n{Output}");
        }

        return _process.ExitCode;
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _lines.Enqueue(line);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }
}
