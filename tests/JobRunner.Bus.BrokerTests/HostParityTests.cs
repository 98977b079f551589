using System.Net;
using System.Text.RegularExpressions;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A host of one's own has what the program has: exit codes, messages, pages, drain.</summary>
public sealed partial class HostParityTests(Broker broker)
{
    private const string Program = "jobrunner";
    private const string OwnHost = "JobRunner.Bus.ChaosWorker";

    public static TheoryData<string> Hosts => [Program, OwnHost];

    public static TheoryData<string, string, string, string> WrongSettings
    {
        get
        {
            var data = new TheoryData<string, string, string, string>();
            foreach (var (name, value, says) in new[]
            {
                ("JobRunner__Worker__Slots", "0", "JobRunner__Worker__Slots is \"0\""),
                ("JobRunner__Worker__Slots", "many", "JobRunner__Worker__Slots is \"many\"; it must be a whole number"),
                ("JobRunner__Worker__Slotz", "4", "JobRunner__Worker__Slotz is no setting; did you mean JobRunner__Worker__Slots?"),
                ("JobRunner__Wroker__Slots", "4", "JobRunner__Wroker__Slots is no setting; did you mean JobRunner__Worker__Slots?"),
                ("JobRunner__Roles", "Run", "JobRunner__Roles is no setting; did you mean JobRunner__Worker__Roles?"),
                ("JobRunner__RabbitMq__Url", "amqp://x", "JobRunner__RabbitMq__Url is no setting; did you mean JobRunner__RabbitMq__Uri?"),
                ("JobRunner__RabbitMq__Uri", "http://user:secret@host", "JobRunner__RabbitMq__Uri"),
                ("JobRunner__Transport", "Pigeon", "JobRunner__Transport is \"Pigeon\"; it must be InMemory or RabbitMq"),
                ("JobRunner__Transport", "(not set)", "JobRunner__RabbitMq__Uri is set, but JobRunner__Transport is not and is therefore InMemory"),
                ("JobRunner__Http__Port", "99999", "JobRunner__Http__Port is \"99999\""),
                ("JobRunner__Http__Address", "here", "JobRunner__Http__Address is \"here\""),
                ("JobRunner__Jobs__Shel__Enabled", "true", "JobRunner__Jobs__Shel__Enabled is no setting; did you mean JobRunner__Jobs__Shell__Enabled?"),
            })
            {
                data.Add(Program, name, value, says);
                data.Add(OwnHost, name, value, says);
            }

            return data;
        }
    }

    private static WorkerProcess Start(string host, Dictionary<string, string> settings) =>
        WorkerProcess.Start(host == Program ? ["worker"] : [], settings, host);

    private Dictionary<string, string> Settings(Uri? uri = null) => new()
    {
        ["JobRunner__Transport"] = "RabbitMq",
        ["JobRunner__RabbitMq__Uri"] = (uri ?? broker.Node.UriOf("/")).ToString(),
        ["JobRunner__RequestManager__BaseUrl"] = "http://127.0.0.1:1/",
    };

    /// <summary>The series that the alert rules name, but for those of events that have not happened and of logs that nobody takes here.</summary>
    private static List<string> SeriesOfTheAlerts()
    {
        var found = Series().Matches(File.ReadAllText(Path.Combine(Repository.Root, "infra/prometheus/alerts.yml")))
            .Select(match => match.Value).Distinct().Where(series => !series.StartsWith("jobrunner_runs_", StringComparison.Ordinal)).ToList();
        Assert.Contains("jobrunner_ready", found);
        return found;
    }

    [GeneratedRegex(@"\bjobrunner_(?!job_(state|type)\b|docs\b|job_log_age)[a-z_]+")]
    private static partial Regex Series();

    private static void IsOneClearMessage(string host, string output, string says)
    {
        Assert.Contains($"{host}: ", output);
        Assert.Contains(says, output);
        Assert.DoesNotContain("   at ", output);
        Assert.DoesNotContain("secret", output);
        Assert.True(output.Split('\n').Length <= 12, output);
    }

    [Theory]
    [MemberData(nameof(WrongSettings))]
    public async Task A_wrong_setting_ends_a_host_with_exit_code_2_and_one_clear_message(string host, string name, string value, string says)
    {
        var settings = Settings();
        settings[name] = value;
        if (value == "(not set)")
        {
            settings.Remove(name);
        }

        await using var worker = Start(host, settings);

        var exit = await worker.ExitCodeAsync();

        Assert.True(exit == 2, $"exit {exit}: {worker.Output}");
        IsOneClearMessage(host, worker.Output, says);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_wrong_password_or_virtual_host_ends_a_host_with_exit_code_2(string host)
    {
        foreach (var (uri, says) in new[]
        {
            (new Uri($"amqp://guest:secret@127.0.0.1:{broker.Node.Port}/"), "refused user \"guest\""),
            (new Uri($"amqp://nobody:secret@127.0.0.1:{broker.Node.Port}/"), "refused user \"nobody\""),
            (broker.Node.UriOf("no-such-vhost"), "no-such-vhost"),
        })
        {
            foreach (var patience in new[] { "0s", "1s" })
            {
                var settings = Settings(uri);
                settings["JobRunner__RabbitMq__Patience"] = patience;
                await using var worker = Start(host, settings);

                var exit = await worker.ExitCodeAsync();

                Assert.True(exit == 2, $"exit {exit}: {worker.Output}");
                Assert.Contains(says, worker.Output);
                // Where there is patience, MassTransit says in its own words that it was refused, too.
                Assert.True(patience != "0s" || !worker.Output.Contains("   at ", StringComparison.Ordinal), worker.Output);
                Assert.DoesNotContain("secret", worker.Output);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_port_that_is_taken_ends_a_host_with_exit_code_2(string host)
    {
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var settings = Settings();
        settings["JobRunner__Http__Port"] = $"{((IPEndPoint)taken.LocalEndpoint).Port}";
        await using var worker = Start(host, settings);

        Assert.Equal(2, await worker.ExitCodeAsync());
        IsOneClearMessage(host, worker.Output, "JobRunner__Http__Port");
    }

    [Fact]
    public async Task A_job_whose_service_is_missing_ends_a_host_with_exit_code_2_and_names_both()
    {
        var settings = Settings();
        settings["Test__MissingService"] = "true";
        await using var worker = Start(OwnHost, settings);

        Assert.Equal(2, await worker.ExitCodeAsync());
        IsOneClearMessage(OwnHost, worker.Output, "JobWithoutItsService");
        Assert.Contains("Uri", worker.Output);
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task A_host_serves_the_pages_on_loopback_logs_with_ids_and_drains_with_exit_code_0(string host)
    {
        var port = RabbitMqNode.FreePort();
        var uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        var settings = Settings(uri);
        settings["JobRunner__Http__Port"] = $"{port}";
        settings["Logging__LogLevel__JobRunner.Bus.Runners"] = "Debug";
        await using var worker = await WorkerProcess.StartAsync(uri, settings, program: host);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");
        var request = Stage.NewRequestId();
        var type = host == Program ? "noop" : "chaos";
        var bytes = host == Program ? "" : Convert.ToBase64String("""{"kind":"no such kind"}"""u8);
        await client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"{{type}}","bytes":"{{bytes}}"} }""");
        await Eventually.HoldsAsync(() => $"the job ends: {worker.Output}", () => ends.Any(end => end.Body.Contains(request, StringComparison.Ordinal)));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health/ready", UriKind.Relative)));
        IReadOnlyList<string> missing = [];
        await Eventually.HoldsAsync(() => $"what the alerts look at is told: {string.Join(", ", missing)} is not", async () =>
        {
            var told = await http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
            missing = [.. SeriesOfTheAlerts().Where(series => !told.Contains($"\n{series}{{", StringComparison.Ordinal))];
            return missing.Count == 0;
        });
        Assert.Matches($@"(?m)^\d{{4}}-\d\d-\d\dT[\d:.]+Z info: .*takes work", worker.Output);
        Assert.Contains(request, worker.Output);
        using var elsewhere = new System.Net.Sockets.TcpClient();
        var refused = await Assert.ThrowsAsync<System.Net.Sockets.SocketException>(() => elsewhere.ConnectAsync(IPAddress.Parse("127.0.0.2"), port));
        Assert.Equal(System.Net.Sockets.SocketError.ConnectionRefused, refused.SocketErrorCode);

        Assert.Equal(0, await worker.TerminateAsync());
        Assert.Contains("Drained", worker.Output);
    }
}
