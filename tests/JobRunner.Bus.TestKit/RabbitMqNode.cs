using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace JobRunner.Bus.TestKit;

/// <summary>
/// A private RabbitMQ node on loopback: own name, ports and data folder, ended by its process id. Tests share it by
/// taking a virtual host each.
/// </summary>
public sealed class RabbitMqNode : IAsyncDisposable
{
    private const string InstalledByApt = "/usr/lib/rabbitmq/bin";

    private static readonly string TestedOn =
        Environment.GetEnvironmentVariable("RABBITMQ_BIN") is { Length: > 0 } bin ? bin : InstalledByApt;

    // What 4.x only warns of, and a later one refuses.
    private static readonly string[] Deprecated =
        ["transient_nonexcl_queues", "global_qos", "classic_queue_mirroring", "ram_node_type", "queue_master_locator", "amqp_address_v1"];

    private static readonly Lazy<Task<Version>> TestedVersion = new(() => AskVersionAsync(TestedOn));

    private static readonly ConcurrentDictionary<int, bool> GivenPorts = [];

    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-rabbitmq-").FullName;
    private readonly int _epmdPort;
    // A restarted node needs the ports it had: out of the range that the system gives to clients meanwhile.
    private readonly int _distributionPort = FreePort();
    private readonly string _name = $"jobrunner{Environment.ProcessId}-{Guid.NewGuid():N}@localhost";
    private readonly HttpClient _management;
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _process;

    private readonly string _settings;
    private readonly string _erlang;
    private readonly string _cookie;

    /// <summary>The version of RabbitMQ that tests run on: Debian's, or that of the folder in <c>RABBITMQ_BIN</c>.</summary>
    public static Task<Version> VersionAsync() => TestedVersion.Value;

    /// <summary>Its name within Erlang, as the management API tells it.</summary>
    public string Name => _name;

    private readonly string _plugins;
    private readonly string _tools;

    private RabbitMqNode(string tools, string settings, string erlang, RabbitMqNode? joins, IReadOnlyList<string> plugins)
    {
        _tools = tools;
        _plugins = string.Concat(plugins.Select(plugin => $",{plugin}"));
        _settings = joins is null ? settings : $"""
            {settings}
            cluster_formation.peer_discovery_backend = classic_config
            cluster_formation.classic_config.nodes.1 = {joins.Name}
            """;
        _erlang = erlang;
        _epmdPort = joins?._epmdPort ?? FreePort();
        _cookie = joins?._cookie ?? Guid.NewGuid().ToString("N");
        Port = FreePort();
        ManagementPort = FreePort();
        _management = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{ManagementPort}/api/") };
        _management.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes("guest:guest")));
    }

    /// <summary>The AMQP port.</summary>
    public int Port { get; }

    /// <summary>The management API's port.</summary>
    public int ManagementPort { get; }

    /// <summary>The management API, as its administrator.</summary>
    public HttpClient Management => _management;

    /// <summary>Starts a node and waits until it takes connections.</summary>
    /// <exception cref="InvalidOperationException">RabbitMQ is not installed, or did not come up; holds its log.</exception>
    /// <param name="settings">More lines for its rabbitmq.conf.</param>
    /// <param name="erlang">More arguments, for what rabbitmq.conf has no words.</param>
    /// <param name="joins">A node of the cluster that it joins.</param>
    /// <param name="plugins">Plugins beside the management.</param>
    public static Task<RabbitMqNode> StartAsync(
        string settings = "", string erlang = "", RabbitMqNode? joins = null, params IReadOnlyList<string> plugins) =>
        StartAsync(TestedOn, settings, erlang, joins, plugins);

    /// <summary>Starts a node of the RabbitMQ that apt installed, whichever one tests run on.</summary>
    /// <inheritdoc cref="StartAsync(string, string, RabbitMqNode?, IReadOnlyList{string})" path="/exception"/>
    public static Task<RabbitMqNode> StartInstalledAsync() => StartAsync(InstalledByApt, "", "", null, []);

    private static async Task<RabbitMqNode> StartAsync(string tools, string settings, string erlang, RabbitMqNode? joins, IReadOnlyList<string> plugins)
    {
        var node = new RabbitMqNode(tools, settings, erlang, joins, plugins);
        if (!File.Exists(node.Server))
        {
            throw new InvalidOperationException($"{node.Server} is missing: install RabbitMQ (infra/test.sh does), or set RABBITMQ_BIN; broker tests are never skipped");
        }

        await node.StartServerAsync();
        return node;
    }

    private string Server => Path.Combine(_tools, "rabbitmq-server");

    /// <summary>The address of a virtual host.</summary>
    public Uri UriOf(string virtualHost) => new($"amqp://guest:guest@127.0.0.1:{Port}/{Uri.EscapeDataString(virtualHost)}");

    /// <summary>Makes a virtual host that nobody else uses.</summary>
    public async Task<string> NewVirtualHostAsync()
    {
        var name = $"test-{Guid.NewGuid():N}"[..17];
        using var made = await _management.PutAsJsonAsync($"vhosts/{name}", new { });
        made.EnsureSuccessStatusCode();
        using var permitted = await _management.PutAsJsonAsync(
            $"permissions/{name}/guest", new { configure = ".*", write = ".*", read = ".*" });
        permitted.EnsureSuccessStatusCode();
        return name;
    }

    /// <summary>Cuts the connections whose client's name contains this text, as the management UI's <i>Force Close</i> does.</summary>
    /// <returns>The names of their clients.</returns>
    public async Task<IReadOnlyList<string>> CutAsync(string clientName)
    {
        var connections = (await _management.GetFromJsonAsync<JsonArray>("connections"))!
            .Where(one => ((string?)one!["user_provided_name"])?.Contains(clientName, StringComparison.Ordinal) == true).ToList();
        foreach (var connection in connections)
        {
            using var cut = await _management.DeleteAsync(new Uri("connections/" + Uri.EscapeDataString((string)connection!["name"]!), UriKind.Relative));
        }

        return [.. connections.Select(connection => (string)connection!["user_provided_name"]!)];
    }

    /// <summary>
    /// Returns once the streams that are there survive <see cref="KillAsync"/>: RabbitMQ 3.10 loses one for good that it made within
    /// about a second of it.
    /// </summary>
    public static Task StreamsOutliveAKillAsync() => Task.Delay(TimeSpan.FromSeconds(4));

    /// <summary>Kills the node as a power cut would; its data stays.</summary>
    public async Task KillAsync()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    /// <summary>Pauses its process (SIGSTOP), as if its machine hung.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    /// <summary>Lets it go on (SIGCONT).</summary>
    public Task ContinueAsync() => SignalAsync("CONT");

    /// <summary>Puts the node into maintenance: clients and leaders leave it. It takes part again once it is restarted.</summary>
    public Task DrainAsync() => RunToolAsync("rabbitmq-upgrade", "drain");

    /// <summary>Ends the node in order (SIGTERM); its data stays.</summary>
    public async Task ShutDownAsync()
    {
        if (_process is { HasExited: false } process)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
            await kill.WaitForExitAsync();
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await process.WaitForExitAsync(deadline.Token).ContinueWith(static _ => { }, TaskScheduler.Default);
            await KillAsync();
        }
    }

    /// <summary>Starts the node again on its data.</summary>
    public async Task StartServerAsync()
    {
        var start = new ProcessStartInfo(Server) { RedirectStandardOutput = true, RedirectStandardError = true };
        await WriteCookieAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder, "plugins"), $"[rabbitmq_management{_plugins}].");
        await File.WriteAllTextAsync(
            Path.Combine(_folder, "rabbitmq.conf"),
            $"""
            listeners.tcp.default = 127.0.0.1:{Port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {ManagementPort}
            log.console = false
            disk_free_limit.absolute = 100MB
            {await DenyDeprecatedAsync()}
            {_settings}
            """);
        AddEnvironment(start);
        _process = Process.Start(start)!;
        _said.Clear();
        _process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            await Eventually.HoldsAsync("the broker takes connections", TakesConnectionsAsync, TimeSpan.FromSeconds(90));
        }
        catch (TimeoutException error)
        {
            throw new InvalidOperationException($"RabbitMQ did not come up: {Logs()}", error);
        }
    }

    /// <summary>Has a queue refuse what is published to it from its first message on.</summary>
    public Task LimitAsync(Uri virtualHost, string queue) => ControlAsync(
        "set_policy", "-p", virtualHost.AbsolutePath.Trim('/'), $"full-{queue}", $"^{queue}$", """{"max-length":1,"overflow":"reject-publish"}""", "--apply-to", "queues");

    /// <summary>Runs <c>rabbitmqctl</c> on the node.</summary>
    /// <returns>What it wrote.</returns>
    /// <exception cref="InvalidOperationException">It failed; holds what it wrote.</exception>
    public Task<string> ControlAsync(params string[] arguments) => RunToolAsync("rabbitmqctl", arguments);

    /// <summary>But for what a test itself has a say on.</summary>
    private async Task<string> DenyDeprecatedAsync() => (await (_tools == TestedOn ? VersionAsync() : AskVersionAsync(_tools))).Major < 4
        ? ""
        : string.Join('\n', Deprecated.Where(feature => !_settings.Contains(feature, StringComparison.Ordinal)).Select(feature => $"deprecated_features.permit.{feature} = false"));

    private static async Task<Version> AskVersionAsync(string tools)
    {
        using var asked = Process.Start(new ProcessStartInfo(Path.Combine(tools, "rabbitmqctl"), ["version"]) { RedirectStandardOutput = true })!;
        var told = await asked.StandardOutput.ReadToEndAsync();
        await asked.WaitForExitAsync();
        return Version.Parse(told.Trim());
    }

    private async Task<string> RunToolAsync(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(_tools, tool), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        AddEnvironment(start);
        using var control = Process.Start(start)!;
        var error = control.StandardError.ReadToEndAsync();
        var output = await control.StandardOutput.ReadToEndAsync();
        await control.WaitForExitAsync();
        return control.ExitCode == 0
            ? output
            : throw new InvalidOperationException($"{tool} {string.Join(' ', arguments)} ended with {control.ExitCode}: {output}{await error}");
    }

    private async Task SignalAsync(string signal)
    {
        // The server is a child of the script that starts it.
        var ids = Directory.EnumerateDirectories("/proc").Select(folder => Path.GetFileName(folder)).Where(id => int.TryParse(id, out _)).Where(IsServer);
        using var kill = Process.Start("kill", [$"-{signal}", .. ids]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
        {
            throw new InvalidOperationException($"{_name} took no {signal}");
        }

        bool IsServer(string id)
        {
            try
            {
                return File.ReadAllText($"/proc/{id}/comm").StartsWith("beam", StringComparison.Ordinal)
                    && File.ReadAllText($"/proc/{id}/environ").Contains($"RABBITMQ_NODENAME={_name}", StringComparison.Ordinal);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    /// <summary>Nodes of a cluster know each other by it.</summary>
    private async Task WriteCookieAsync()
    {
        var file = Path.Combine(_folder, ".erlang.cookie");
        if (!File.Exists(file))
        {
            await File.WriteAllTextAsync(file, _cookie);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead);
            }
        }
    }

    private void AddEnvironment(ProcessStartInfo start)
    {
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["RABBITMQ_NODENAME"] = _name,
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_DIST_PORT"] = $"{_distributionPort}",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "data"),
            ["RABBITMQ_LOG_BASE"] = LogFolder,
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "plugins"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
            // As infra/rabbitmq/advanced.config has it: by default what is dead-lettered in vain is tried again after 3 minutes.
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] =
                $"-kernel inet_dist_use_interface {{127,0,0,1}} -rabbit dead_letter_worker_publisher_confirm_timeout 5000 {_erlang}",
            ["ERL_EPMD_PORT"] = $"{_epmdPort}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["HOME"] = _folder,
            ["ERL_CRASH_DUMP"] = Path.Combine(_folder, "erl_crash.dump"),
        })
        {
            start.Environment[name] = value;
        }
    }

    private async Task<bool> TakesConnectionsAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"RabbitMQ ended with {_process.ExitCode}: {string.Join('\n', _said)}\n{Logs()}");
        }

        try
        {
            await using var connection = await new ConnectionFactory { Uri = UriOf("/") }.CreateConnectionAsync();
            using var answer = await _management.GetAsync(new Uri("overview", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is not InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Copies its log to where it outlives the node.</summary>
    /// <returns>The folder.</returns>
    public string KeepLog()
    {
        var kept = Directory.CreateTempSubdirectory("jobrunner-rabbitmq-log-").FullName;
        foreach (var file in Directory.GetFiles(LogFolder))
        {
            File.Copy(file, Path.Combine(kept, Path.GetFileName(file)));
        }

        return kept;
    }

    private string LogFolder => Path.Combine(_folder, "log");

    private string Logs()
    {
        return Directory.Exists(LogFolder)
            ? string.Join('\n', Directory.GetFiles(LogFolder).Select(File.ReadAllText).Select(text => text[Math.Max(0, text.Length - 4000)..]))
            : "(no log)";
    }

    /// <summary>A loopback port that nobody listens on now, and that neither the system nor this gives to anybody else.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(15_000, 32_000);
            if (!GivenPorts.TryAdd(port, true))
            {
                continue;
            }

            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
        _management.Dispose();
        using (var end = Process.Start(new ProcessStartInfo("epmd", ["-port", $"{_epmdPort}", "-kill"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!)
        {
            await end.WaitForExitAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
