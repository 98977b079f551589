using System.Globalization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using YamlDotNet.RepresentationModel;

namespace JobRunner.Bus.Tests.Infra;

/// <summary>What is deployed gives a worker the time it takes to drain.</summary>
public sealed class DeploymentFilesTests
{
    private static readonly WorkerOptions Defaults = new();

    /// <summary>What docs/operations.md asks for: a drain's two timeouts, and 40 s to hand over and to close.</summary>
    private static readonly TimeSpan Needed = Defaults.DrainTimeout + Defaults.StopTimeout + TimeSpan.FromSeconds(40);

    [Fact]
    public void The_host_ends_itself_within_the_time_that_is_needed()
    {
        using var services = new ServiceCollection()
            .AddLogging()
            .AddJobRunner(new ConfigurationBuilder().Build())
            .BuildServiceProvider();

        Assert.True(services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout <= Needed);
    }

    [Fact]
    public void Systemd_waits_for_a_drain_tells_the_worker_alone_and_does_not_start_again_what_cannot_work()
    {
        var unit = File.ReadLines(Path.Combine(Repository.Root, "infra/systemd/jobrunner-worker.service"))
            .Where(line => line.Contains('=') && !line.StartsWith('#'))
            .Select(line => line.Split('=', 2))
            .ToLookup(parts => parts[0], parts => parts[1]);

        Assert.True(TimeSpan.FromSeconds(int.Parse(unit["TimeoutStopSec"].Single(), CultureInfo.InvariantCulture)) >= Needed);
        Assert.Equal("mixed", unit["KillMode"].Single());
        Assert.Equal("always", unit["Restart"].Single());
        Assert.Equal("2", unit["RestartPreventExitStatus"].Single());
        Assert.DoesNotContain("MemoryDenyWriteExecute", unit.Select(setting => setting.Key));
    }

    [Fact]
    public void Kubernetes_waits_for_a_drain_and_asks_the_paths_that_there_are()
    {
        var pod = At(Documents("worker.yaml").Single(document => Text(document, "kind") == "Deployment"), "spec", "template", "spec");
        var worker = ((YamlSequenceNode)At(pod, "containers")).Single();

        Assert.True(TimeSpan.FromSeconds(int.Parse(Text(pod, "terminationGracePeriodSeconds"), CultureInfo.InvariantCulture)) >= Needed);
        Assert.Equal("/health/live", Text(worker, "livenessProbe", "httpGet", "path"));
        Assert.Equal("/health/ready", Text(worker, "readinessProbe", "httpGet", "path"));
        Assert.Equal("true", Text(worker, "securityContext", "readOnlyRootFilesystem"));
        Assert.Equal("true", Text(pod, "securityContext", "runAsNonRoot"));
    }

    [Fact]
    public void The_settings_in_the_manifest_are_settings_that_there_are()
    {
        var pod = At(Documents("worker.yaml").Single(document => Text(document, "kind") == "Deployment"), "spec", "template", "spec");
        var names = ((YamlSequenceNode)At(((YamlSequenceNode)At(pod, "containers")).Single(), "env")).Select(setting => Text(setting, "name"));
        var docs = File.ReadAllText(Path.Combine(Repository.Root, "docs/settings.md"));

        Assert.All(names, name => Assert.Contains($"`{name}`", docs));
    }

    [Fact]
    public void The_scaler_counts_commands_that_run_and_takes_workers_away_no_faster_than_they_drain()
    {
        var scaled = Documents("keda.yaml").Single(document => Text(document, "kind") == "ScaledObject");
        var trigger = ((YamlSequenceNode)At(scaled, "spec", "triggers")).Single();

        // Over AMQP a scaler sees ready messages only.
        Assert.Equal("http", Text(trigger, "metadata", "protocol"));
        Assert.Equal("false", Text(trigger, "metadata", "excludeUnacknowledged"));
        Assert.Equal(Names.RunJob, Text(trigger, "metadata", "queueName"));
        Assert.Equal($"{Defaults.Slots}", Text(trigger, "metadata", "value"));
        var policy = ((YamlSequenceNode)At(scaled, "spec", "advanced", "horizontalPodAutoscalerConfig", "behavior", "scaleDown", "policies")).Single();
        Assert.True(TimeSpan.FromSeconds(int.Parse(Text(policy, "periodSeconds"), CultureInfo.InvariantCulture)) >= Needed);
        Assert.Equal(
            Text(Documents("worker.yaml").Single(document => Text(document, "kind") == "Deployment"), "metadata", "name"),
            Text(scaled, "spec", "scaleTargetRef", "name"));
    }

    [Fact]
    public void Compose_waits_for_a_drain()
    {
        var worker = At(Load("docker-compose.yml").Single(), "services", "worker");
        var grace = Text(worker, "stop_grace_period");

        Assert.EndsWith("s", grace);
        Assert.True(TimeSpan.FromSeconds(int.Parse(grace[..^1], CultureInfo.InvariantCulture)) >= Needed);
    }

    private static List<YamlNode> Documents(string file) => Load($"infra/kubernetes/{file}");

    private static List<YamlNode> Load(string path)
    {
        using var text = File.OpenText(Path.Combine(Repository.Root, path));
        var stream = new YamlStream();
        stream.Load(text);
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    private static YamlNode At(YamlNode node, params string[] path) => path.Aggregate(node, (at, name) => at[name]);

    private static string Text(YamlNode node, params string[] path) => ((YamlScalarNode)At(node, path)).Value!;
}
