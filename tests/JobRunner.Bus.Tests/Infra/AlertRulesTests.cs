using System.Diagnostics;
using System.Text.RegularExpressions;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Tests.Infra;

/// <summary>infra/prometheus/alerts.yml: each alert fires where it should, and says what to do. Needs promtool, which comes with Prometheus.</summary>
public sealed partial class AlertRulesTests
{
    private const string Rules = "infra/prometheus/alerts.yml";
    private const string Proofs = "infra/prometheus/alerts.test.yml";

    [Fact]
    public async Task Each_alert_fires_where_it_should_and_none_where_all_is_well()
    {
        var names = AlertName().Matches(Read(Rules)).Select(match => match.Groups[1].Value).ToList();
        var proven = ProvenAlert().Matches(Read(Proofs)).Select(match => match.Groups[1].Value).ToList();
        var quiet = QuietAlert().Matches(Read(Proofs)).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(names.Order(), proven.Order());
        Assert.Equal(names.Order(), quiet.Order());

        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["test", "rules", Path.Combine(Repository.Root, Proofs)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var told = await promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(promtool.ExitCode == 0, told);
    }

    [Fact]
    public void Each_alert_leads_to_its_part_of_the_runbook_and_tells_whole_numbers()
    {
        var links = RunbookLink().Matches(Read(Rules)).Select(match => match.Groups[1].Value).ToList();
        var runbook = Read("docs/operations.md");

        Assert.Equal(AlertName().Count(Read(Rules)), links.Count);
        Assert.All(links, anchor => Assert.Contains($"\n### {anchor}\n", runbook, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("{{ $value }}", Read(Rules), StringComparison.Ordinal);
    }

    private static string Read(string file) => File.ReadAllText(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertName();

    [GeneratedRegex(@"- alertname: (\w+)\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels")]
    private static partial Regex ProvenAlert();

    [GeneratedRegex(@"alertname: (\w+), eval_time: \w+, exp_alerts: \[\]")]
    private static partial Regex QuietAlert();

    [GeneratedRegex(@"runbook_url: ""\{\{ \$externalLabels.jobrunner_docs \}\}/operations.md#(\w+)""")]
    private static partial Regex RunbookLink();
}
