using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests.Servers;

/// <summary>A database server of the tests' own on loopback: own folder, own port, ended by its process id.</summary>
public abstract partial class PrivateServer : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _process;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("jobrunner-db-").FullName;

    protected int Port { get; } = RabbitMqNode.FreePort();

    /// <summary>Its process; it may have children.</summary>
    public int ProcessId => _process!.Id;

    /// <summary>How to connect to a new, empty database.</summary>
    public abstract Task<string> NewDatabaseAsync();

    protected abstract Task InstallAsync();

    protected abstract (string Program, string[] Arguments) Command { get; }

    protected abstract Task ConnectAsync();

    public async Task InstallAndStartAsync()
    {
        await InstallAsync();
        await StartAsync();
    }

    /// <summary>Starts the server on its data, and waits until it takes connections.</summary>
    public async Task StartAsync()
    {
        _process = Start(Command.Program, Command.Arguments);
        try
        {
            await TestKit.Eventually.HoldsAsync($"{Command.Program} takes connections", CanConnectAsync, TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException error)
        {
            throw new InvalidOperationException(string.Join('\n', _said), error);
        }
    }

    /// <summary>Kills the server as a power cut would; its data stays.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } running)
        {
            running.Kill(entireProcessTree: true);
            await running.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program}: {string.Join('\n', _said)}");
        }
    }

    protected static string Installed(string pattern, string package)
    {
        var folder = Path.GetDirectoryName(pattern)!;
        var found = Directory.Exists(folder) ? Directory.GetFiles(folder, Path.GetFileName(pattern)) : [];
        return found.Length > 0 ? found[0] : throw new InvalidOperationException($"{pattern} is missing: install {package} (infra/test.sh does); store tests are never skipped");
    }

    private Process Start(string program, IEnumerable<string> arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/tmp" })!;
        process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            await ConnectAsync();
            return true;
        }
        catch (System.Data.Common.DbException)
        {
            return false;
        }
    }
}
