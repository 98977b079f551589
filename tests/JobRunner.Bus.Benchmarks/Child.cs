using System.Diagnostics;

namespace JobRunner.Bus.Benchmarks;

/// <summary>A process that a benchmark starts: this program again, or the worker, and how it is paused and ended.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _lines = [];

    private Child(ProcessStartInfo start, string readyWhen)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        StartedAt = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Keep(line.Data, readyWhen);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data, readyWhen);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>When it was started.</summary>
    public long StartedAt { get; }

    /// <summary>How long it took from its start until it said that it is ready.</summary>
    public TimeSpan StartupTime { get; private set; }

    public int Id => _process.Id;

    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    /// <summary>This program again; it says "ready" when it is.</summary>
    public static Task<Child> AgainAsync(params string[] arguments) =>
        StartAsync(new ProcessStartInfo(Environment.ProcessPath!, arguments), "ready");

    /// <summary>This program again, to its end; returns what it wrote.</summary>
    public static async Task<string> RunAsync(params string[] arguments)
    {
        await using var child = new Child(new ProcessStartInfo(Environment.ProcessPath!, arguments), "");
        await child._process.WaitForExitAsync();
        return child._process.ExitCode == 0 ? child.Output : throw new InvalidOperationException(child.Output);
    }

    /// <summary>The real worker program.</summary>
    public static Task<Child> WorkerAsync(Uri broker, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "jobrunner.dll"), "worker"]);
        start.Environment["JobRunner__Transport"] = "RabbitMq";
        start.Environment["JobRunner__RabbitMq__Uri"] = broker.ToString();
        foreach (var (name, value) in settings)
        {
            start.Environment["JobRunner__" + name] = value;
        }

        return StartAsync(start, settings.Contains(("Worker__Roles", "Chain")) ? "Chains are taken" : "takes work");
    }

    /// <summary>Any program; it is ready when a line that it writes holds this text.</summary>
    public static async Task<Child> StartAsync(ProcessStartInfo start, string readyWhen)
    {
        var child = new Child(start, readyWhen);
        try
        {
            await child._ready.Task.WaitAsync(TimeSpan.FromMinutes(1));
            return child;
        }
        catch (TimeoutException error)
        {
            throw new InvalidOperationException($"the process did not get ready: {child.Output}", error);
        }
    }

    private void Keep(string? line, string readyWhen)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            // A worker says little; what would be kept of one that does not is of no use here.
            if (_lines.Count < 10_000)
            {
                _lines.Add(line);
            }
        }

        if (!_ready.Task.IsCompleted && line.Contains(readyWhen, StringComparison.Ordinal))
        {
            StartupTime = Stopwatch.GetElapsedTime(StartedAt);
            _ready.TrySetResult();
        }
    }

    public Task PauseAsync() => SignalAsync("STOP");

    public Task ContinueAsync() => SignalAsync("CONT");

    /// <summary>Asks it to end, and waits.</summary>
    public async Task TerminateAsync()
    {
        await SignalAsync("TERM");
        await _process.WaitForExitAsync();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{Id}"]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
