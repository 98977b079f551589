using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>TLS to a broker, in both directions.</summary>
public sealed class TlsTests(TlsBroker broker) : IClassFixture<TlsBroker>
{
    private const string Password = TlsBroker.Password;

    private Dictionary<string, string> Settings(string password = Password) => new()
    {
        ["JobRunner__Transport"] = "RabbitMq",
        ["JobRunner__RabbitMq__Uri"] = $"amqps://tls:{Uri.EscapeDataString(password)}@127.0.0.1:{broker.TlsPort}/",
        ["JobRunner__RabbitMq__CaFile"] = broker.Authority.CaFile,
        ["JobRunner__RabbitMq__CertFile"] = broker.Client.CertFile,
        ["JobRunner__RabbitMq__KeyFile"] = broker.Client.KeyFile,
    };

    private static Dictionary<string, string> With(Dictionary<string, string> settings, params (string Name, string? Value)[] changes)
    {
        foreach (var (name, value) in changes)
        {
            settings.Remove($"JobRunner__RabbitMq__{name}");
            if (value is not null)
            {
                settings[$"JobRunner__RabbitMq__{name}"] = value;
            }
        }

        return settings;
    }

    private static void AssertSecret(WorkerProcess program)
    {
        foreach (var form in new[] { Password, Uri.EscapeDataString(Password), "s3cr3t" })
        {
            Assert.DoesNotContain(form, program.Output);
        }
    }

    private static async Task RefusesAsync(Dictionary<string, string> settings, params string[] says)
    {
        await using var worker = WorkerProcess.Start(["worker"], settings);
        Assert.Equal(2, await worker.ExitCodeAsync());
        Assert.All(says, text => Assert.Contains(text, worker.Output));
        Assert.DoesNotContain("   at ", worker.Output);
        AssertSecret(worker);
    }

    [Fact]
    public async Task A_worker_with_a_client_certificate_and_its_password_in_a_file_runs_jobs_and_shows_the_password_nowhere()
    {
        var secret = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}");
        await File.WriteAllTextAsync(secret, Password + "\n");
        var settings = With(Settings(), ("Uri", $"amqps://tls@127.0.0.1:{broker.TlsPort}/"), ("PasswordFile", secret));
        settings["Logging__LogLevel__Default"] = "Trace";
        await using var requestManager = await StubRequestManager.StartAsync();
        settings["JobRunner__RequestManager__BaseUrl"] = requestManager.BaseUrl;
        await using var worker = WorkerProcess.Start(["worker"], settings);
        await Eventually.HoldsAsync("the worker takes work", () => worker.Output.Contains("takes work", StringComparison.Ordinal));

        await using (var submit = WorkerProcess.Start(["submit", "examples/backup-chain.json", "--wait"], settings))
        {
            Assert.True(await submit.ExitCodeAsync() is 0 or 1, submit.Output);
            await Eventually.HoldsAsync("logs are delivered", () => requestManager.Rows.Count > 0);
            AssertSecret(submit);
        }

        // Every connection is TLS, and the broker knows the client by its certificate.
        JsonNode?[] ours = [];
        await Eventually.HoldsAsync("the broker lists the worker's connections", async () =>
            (ours = [.. (await broker.Node.Management.GetFromJsonAsync<JsonArray>(new Uri("connections", UriKind.Relative)))!
                .Where(one => (string?)one!["user"] == "tls" && one["client_properties"] is not null)]).Length >= 3);
        Assert.All(ours, one => Assert.Equal((true, "CN=worker"), ((bool)one!["ssl"]!, (string)one["peer_cert_subject"]!)));

        // What is said when the broker goes away shows no password either.
        await broker.Node.KillAsync();
        await Eventually.HoldsAsync("the worker says that the broker is away", () => worker.Output.Contains("No contact with the broker", StringComparison.Ordinal));
        AssertSecret(worker);
        await broker.Node.StartServerAsync();
        File.Delete(secret);
    }

    [Fact]
    public async Task What_is_wrong_with_TLS_is_told_and_ends_the_worker_with_exit_code_2()
    {
        using var stranger = new TestAuthority("another authority");
        // One after another would each take its patience.
        await Task.WhenAll(
            RefusesAsync(With(Settings(), ("CaFile", stranger.CaFile)), "CN=server", "is not from the authority in JobRunner__RabbitMq__CaFile"),
            RefusesAsync(With(Settings(), ("CaFile", null)), "is from none of the system's authorities", "JobRunner__RabbitMq__CaFile"),
            RefusesAsync(With(Settings(), ("Uri", $"amqps://tls:s3cr3t@localhost:{broker.TlsPort}/")), "is not for \"localhost\""),
            RefusesAsync(Settings("s3cr3t wrong"), "refused user \"tls\""),
            RefusesAsync(With(Settings(), ("CaFile", "/nowhere.pem")), "JobRunner__RabbitMq__CaFile is \"/nowhere.pem\"; it cannot be used as PEM"),
            RefusesAsync(With(Settings(), ("CaFile", broker.Client.KeyFile)), "JobRunner__RabbitMq__CaFile", "it holds no certificate"),
            RefusesAsync(With(Settings(), ("KeyFile", null)), "JobRunner__RabbitMq__KeyFile is \"\"; it must be set too"),
            RefusesAsync(With(Settings(), ("Uri", $"amqp://tls:s3cr3t@127.0.0.1:{broker.Node.Port}/")), "is of use only with an address that begins with amqps://"),
            RefusesAsync(With(Settings(), ("PasswordFile", "/nowhere")), "JobRunner__RabbitMq__PasswordFile is \"/nowhere\"; it cannot be read"),
            RefusesAsync(With(Settings(), ("UriFile", broker.Client.KeyFile)), "JobRunner__RabbitMq__Uri and JobRunner__RabbitMq__UriFile are both set"));
    }

    [Fact]
    public async Task Without_a_client_certificate_the_broker_takes_nobody()
    {
        await using var worker = WorkerProcess.Start(["worker"], With(Settings(), ("CertFile", null), ("KeyFile", null)));
        await Eventually.HoldsAsync("it says so", () => worker.Output.Contains("does it ask for a client certificate", StringComparison.Ordinal));
        Assert.False(worker.HasExited);
        Assert.DoesNotContain("takes work", worker.Output);
        AssertSecret(worker);
    }

    [Fact]
    public async Task Worker_and_scheduler_log_in_by_their_certificate()
    {
        var settings = With(Settings(), ("Uri", $"amqps://localhost:{broker.TlsPort}/"), ("ServerName", "127.0.0.1"), ("Auth", "External"));
        await using var requestManager = await StubRequestManager.StartAsync();
        settings["JobRunner__RequestManager__BaseUrl"] = requestManager.BaseUrl;
        settings["JobRunner__Jobs__Shell__Enabled"] = "true";
        await using var worker = WorkerProcess.Start(["worker"], settings);
        await Eventually.HoldsAsync("the worker takes work", () => worker.Output.Contains("takes work", StringComparison.Ordinal));

        await using (var submit = WorkerProcess.Start(["submit", "examples/one-job.json", "--wait"], settings))
        {
            Assert.True(await submit.ExitCodeAsync() == 0, submit.Output);
        }

        await using var client = await JobRunnerClient.ConnectAsync(RabbitMqOptions.FromEnvironment(settings.GetValueOrDefault));
        var end = await client.RunAsync(new RunJob { RequestId = JobRunnerClient.NewRequestId(), Job = new Job { Id = "ab1Z", Type = "noop" } });

        Assert.Equal(JobState.Complete, end.FinalState);
        JsonNode?[] ours = [];
        await Eventually.HoldsAsync("the broker lists connections of worker and scheduler", async () =>
            (ours = [.. (await broker.Node.Management.GetFromJsonAsync<JsonArray>(new Uri("connections", UriKind.Relative)))!
                .Where(one => (string?)one!["user"] == "worker" && one["client_properties"] is not null)])
                .Any(one => (string?)one!["user_provided_name"] == "jobrunner scheduler") && ours.Length >= 4);
        Assert.All(ours, one => Assert.Equal((true, "EXTERNAL"), ((bool)one!["ssl"]!, (string)one["auth_mechanism"]!)));
    }

    [Fact]
    public async Task A_scheduler_connects_with_a_client_certificate_and_a_password_from_a_file_that_may_change()
    {
        var secret = broker.Authority.Write("password", Password + "\n");
        await using var worker = WorkerProcess.Start(["worker"], Settings());
        await Eventually.HoldsAsync("the worker takes work", () => worker.Output.Contains("takes work", StringComparison.Ordinal));
        var settings = RabbitMqOptions.FromEnvironment(
            With(Settings(), ("Uri", $"amqps://tls@127.0.0.1:{broker.TlsPort}/"), ("PasswordFile", secret)).GetValueOrDefault);
        var name = $"scheduler {Guid.NewGuid():N}";
        await using var client = await JobRunnerClient.ConnectAsync(settings, new JobRunnerClientOptions { ClientName = name });
        var command = new RunJob { RequestId = JobRunnerClient.NewRequestId(), Job = new Job { Id = "ab1Z", Type = "noop" } };
        Assert.Equal(JobState.Complete, (await client.RunAsync(command)).FinalState);

        // A new password counts from the next connection on.
        await broker.SetPasswordAsync("another one");
        try
        {
            File.WriteAllText(secret, "another one");
            await Eventually.HoldsAsync("it is cut", async () => await broker.Node.CutAsync(name) is not [], TimeSpan.FromMinutes(1));
            await Eventually.HoldsAsync("it is connected again", async () =>
            {
                try
                {
                    return await client.AskWorkersAsync(new GetRunnerStatus()) is not null;
                }
                catch (JobRunnerClientException)
                {
                    // Asked over the connection that was cut.
                    return false;
                }
            });
        }
        finally
        {
            await broker.SetPasswordAsync(Password);
        }
    }

    [Fact]
    public async Task A_scheduler_is_told_what_is_wrong_with_TLS()
    {
        using var stranger = new TestAuthority("another authority");

        Assert.Contains("is not from the authority in JobRunner__RabbitMq__CaFile", await RefusedAsync(("CaFile", stranger.CaFile)));
        Assert.Contains("is from none of the system's authorities", await RefusedAsync(("CaFile", null)));
        Assert.Contains("is not for \"rabbit.example.com\"", await RefusedAsync(("ServerName", "rabbit.example.com")));
        var (cert, key) = broker.Authority.IssueClientFiles("nobody", "nobody");
        Assert.Contains(
            "refused client certificate \"CN=nobody\": the broker has no user of its name",
            await RefusedAsync(("Auth", "External"), ("CertFile", cert), ("KeyFile", key)));
        Assert.Contains("does it ask for a client certificate", await RefusedAsync(("CertFile", null), ("KeyFile", null)));

        async Task<string> RefusedAsync(params (string Name, string? Value)[] changes)
        {
            var error = await Assert.ThrowsAsync<JobRunnerClientException>(
                () => JobRunnerClient.ConnectAsync(RabbitMqOptions.FromEnvironment(With(Settings(), changes).GetValueOrDefault)));
            Assert.DoesNotContain("s3cr3t", error.ToString());
            return error.Message;
        }
    }
}
