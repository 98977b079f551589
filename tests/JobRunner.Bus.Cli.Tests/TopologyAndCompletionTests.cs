using System.Diagnostics;
using System.Text.Json;
using JobRunner.Bus.Cli.Commands;

namespace JobRunner.Bus.Cli.Tests;

public sealed class TopologyAndCompletionTests : IDisposable
{
    private readonly CliHarness _cli = new();

    public void Dispose() => _cli.Dispose();

    [Fact]
    public async Task Topology_shows_each_exchange_with_the_queues_behind_it()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("topology"));

        var text = _cli.Output.ReplaceLineEndings("\n");
        Assert.Contains("  run-job (fanout)\n    ──► run-job\n", text, StringComparison.Ordinal);
        Assert.Contains("  run-job.wait (topic)\n    ─ now ─► run-job\n    ─ # ─► job-journal\n    ─ 1s ─► run-job.wait.1s\n    ─ 6s ─► run-job.wait.6s\n    ─ 11s ─► run-job.wait.11s\n    ─ 30s ─► run-job.wait.30s\n", text, StringComparison.Ordinal);
        Assert.Contains("  stop-job (stream)\n    x-max-age = 604800s\n", text, StringComparison.Ordinal);
        Assert.Contains("    x-message-ttl = 30000\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Topology_as_json_is_a_set_of_definitions_in_itself_complete()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("topology --json --vhost jobs"));

        using var document = JsonDocument.Parse(_cli.Output);
        var root = document.RootElement;
        string[] Names(string kind, string field = "name") => [.. root.GetProperty(kind).EnumerateArray().Select(one => one.GetProperty(field).GetString()!)];
        Assert.Equal(Names("exchanges").Distinct(), Names("exchanges"));
        Assert.Subset(Names("exchanges").ToHashSet(), Names("bindings", "source").ToHashSet());
        Assert.Subset(Names("queues").ToHashSet(), Names("bindings", "destination").ToHashSet());
        Assert.All(["run-job", "stop-job", "job-log-recorded", "job-finished", "get-runner-status"], name => Assert.Contains(name, Names("exchanges")));
        Assert.All(["exchanges", "queues", "bindings"], kind => Assert.All(Names(kind, "vhost"), name => Assert.Equal("jobs", name)));
    }

    [Theory]
    [InlineData("[suggest:10] jobrunner ", "worker run submit stop ps logs topology completion")]
    [InlineData("[suggest:13] jobrunner sub", "submit")]
    public async Task The_program_suggests_what_may_come(string line, string expected)
    {
        var position = line.IndexOf("] ", StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync([line[..(position + 1)], line[(position + 2)..]]));

        var suggested = _cli.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Subset(suggested.ToHashSet(), expected.Split(' ').ToHashSet());
    }

    [Fact]
    public async Task The_states_of_logs_are_suggested()
    {
        const string Line = "jobrunner logs r1 --state ST";
        await _cli.RunAsync([$"[suggest:{Line.Length}]", Line]);

        Assert.Equal("STOPPED", Assert.Single(_cli.Output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)));
    }

    [Fact]
    public async Task The_script_for_bash_completes_in_bash()
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync("completion bash"));
        var script = _cli.TakeOutput() + """

            jobrunner() { [ "$1" = "[suggest:14]" ] && [ "$2" = "jobrunner subm" ] && printf 'submit\nsubmarine\nother\n'; }
            COMP_LINE="jobrunner subm" COMP_POINT=14 COMP_WORDS=(jobrunner subm) COMP_CWORD=1
            _jobrunner
            echo "${COMPREPLY[*]}"
            """;

        using var bash = Process.Start(new ProcessStartInfo("bash", ["--norc", "-c", script]) { RedirectStandardOutput = true })!;
        var answer = await bash.StandardOutput.ReadToEndAsync();

        Assert.Equal("submit submarine\n", answer);
    }

    [Theory]
    [InlineData("zsh", "#compdef jobrunner")]
    [InlineData("fish", "complete -c jobrunner")]
    public async Task There_are_scripts_for_other_shells(string shell, string holds)
    {
        Assert.Equal(ExitCodes.Success, await _cli.RunAsync($"completion {shell}"));
        Assert.Contains(holds, _cli.Output, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Usage, await _cli.RunAsync("completion csh"));
    }
}
