using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Tests.Infra;

/// <summary>infra/grafana/jobrunner.json has the form that Grafana imports. What its queries answer is tested with a real Prometheus.</summary>
public sealed class DashboardFileTests
{
    private static readonly JsonNode Dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra/grafana/jobrunner.json")))!;

    // Of Grafana's own; a plugin would have to be installed first.
    private static readonly HashSet<string> PanelTypes = ["stat", "timeseries", "gauge", "bargauge", "table", "heatmap", "row", "text"];

    // Ids of @grafana/data's value formats that make sense here.
    private static readonly HashSet<string> Units = ["short", "none", "percent", "percentunit", "s", "ms", "ops", "cps", "bytes"];

    private static IReadOnlyList<JsonNode> Panels => [.. Dashboard["panels"]!.AsArray().Select(panel => panel!)];

    [Fact]
    public void It_can_be_imported_again_and_again_by_its_uid()
    {
        // With an id Grafana would look for the dashboard that has it.
        Assert.Null(Dashboard["id"]);
        Assert.Matches("^[A-Za-z0-9_-]{1,40}$", (string)Dashboard["uid"]!);
        Assert.NotEmpty((string)Dashboard["title"]!);
        // From 8 on with panels of today's form; later ones are brought up to date by Grafana.
        Assert.InRange((int)Dashboard["schemaVersion"]!, 30, 41);
        Assert.All(["from", "to"], end => Assert.Matches(@"^now(-\d+[smhdw])?$", (string)Dashboard["time"]![end]!));
        Assert.Matches(@"^\d+[smh]$", (string)Dashboard["refresh"]!);
    }

    [Fact]
    public void The_one_who_imports_it_chooses_the_data_source_and_every_query_uses_that()
    {
        var variable = Assert.Single(Dashboard["templating"]!["list"]!.AsArray())!;
        Assert.Equal(("datasource", "datasource", "prometheus"), ((string)variable["name"]!, (string)variable["type"]!, (string)variable["query"]!));
        Assert.All(Panels, panel =>
            Assert.Equal(("prometheus", "${datasource}"), ((string)panel["datasource"]!["type"]!, (string)panel["datasource"]!["uid"]!)));
    }

    [Fact]
    public void Every_panel_has_what_Grafana_needs_to_draw_it()
    {
        Assert.NotEmpty(Panels);
        Assert.Equal(Panels.Count, Panels.Select(panel => (int)panel["id"]!).Where(id => id > 0).Distinct().Count());
        Assert.Equal(Panels.Count, Panels.Select(panel => (string)panel["title"]!).Distinct().Count());
        Assert.All(Panels, panel =>
        {
            Assert.Contains((string)panel["type"]!, PanelTypes);
            Assert.NotEmpty((string)panel["description"]!);
            Assert.Contains((string)panel["fieldConfig"]!["defaults"]!["unit"]!, Units);
            Assert.Equal(JsonValueKind.Array, panel["fieldConfig"]!["overrides"]!.GetValueKind());
            var targets = panel["targets"]!.AsArray();
            Assert.NotEmpty(targets);
            Assert.Equal(targets.Count, targets.Select(target => (string)target!["refId"]!).Where(id => id.Length == 1 && char.IsAsciiLetterUpper(id[0])).Distinct().Count());
            Assert.All(targets, target => Assert.NotEmpty((string)target!["expr"]!));
        });
    }

    [Fact]
    public void Panels_lie_within_the_grid_of_24_columns_and_none_on_another()
    {
        Dictionary<(int X, int Y), string> taken = [];
        foreach (var panel in Panels)
        {
            var (x, y, width, height) = (At("x"), At("y"), At("w"), At("h"));
            Assert.True(x >= 0 && y >= 0 && width >= 1 && height >= 1 && x + width <= 24, $"{panel["title"]} is at {panel["gridPos"]!.ToJsonString()}");
            foreach (var cell in Enumerable.Range(x, width).SelectMany(column => Enumerable.Range(y, height).Select(row => (column, row))))
            {
                Assert.True(taken.TryAdd(cell, (string)panel["title"]!), $"{panel["title"]} lies on {taken.GetValueOrDefault(cell)}");
            }

            int At(string name) => (int)panel["gridPos"]![name]!;
        }
    }
}
