using System.Diagnostics;
using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A program that a job started does not run on as an orphan beside its successor when its worker is killed.</summary>
public sealed class OrphanTests(Broker broker) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("orphans-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_programs_of_a_killed_worker_are_gone_before_another_worker_runs_the_try_again()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Lease"] = "2s" });
        var request = Stage.NewRequestId();
        // The second start looks whether anything of the first is there still: it fails for good if so.
        var script = $$"""
            cd {{_folder.FullName}}
            if [ -e command ]; then
                for pid in $(cat command child stubborn daemon); do [ -e /proc/$pid/cwd ] && exit 3; done
                exit 0
            fi
            sleep 301 & echo $! > child
            sh -c 'trap "" TERM; echo $$ > stubborn; while :; do sleep 1; done' &
            setsid sh -c 'sh -c "echo \$\$ > daemon; exec sleep 301" & exit' &
            echo $$ > command; wait
            """;
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{Bytes(script)}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        string[] names = ["command", "child", "stubborn", "daemon"];
        await Eventually.HoldsAsync("all run", () => names.All(name => new FileInfo(Path.Combine(_folder.FullName, name)) is { Exists: true, Length: > 1 }));
        var pids = names.Select(name => File.ReadAllText(Path.Combine(_folder.FullName, name)).Trim()).ToList();
        await stage.AddWorkerAsync(new() { ["JobRunner__Worker__Lease"] = "2s" });

        await stage.Worker.KillAsync();
        var watch = Stopwatch.StartNew();
        await Eventually.HoldsAsync("all are gone", () => !pids.Exists(pid => Directory.Exists($"/proc/{pid}") && !IsZombie(pid)), TimeSpan.FromSeconds(10));
        TestContext.Current.SendDiagnosticMessage($"gone after {watch.ElapsedMilliseconds} ms");

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((3, 1), ((int)end["finalState"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows.Count == 1);
    }

    [Fact]
    public async Task A_worker_that_ends_normally_leaves_no_guard_and_keeps_what_ended_commands_left()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var left = Path.Combine(_folder.FullName, "left");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{Bytes($"sleep 30 >/dev/null 2>&1 & echo $! > {left}")}}"} }
            """);
        await stage.FinishedAsync(request, "abcd");
        var guards = Guards().Where(guard => ParentOf(guard) == stage.Worker.Id).ToList();
        Assert.Single(guards);

        Assert.Equal(0, await stage.Worker.TerminateAsync());

        await Eventually.HoldsAsync("no guard", () => !Guards().Any(guards.Contains));
        using var child = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(left)));
        Assert.False(child.HasExited);
        child.Kill();
    }

    private static string Bytes(string script) => Convert.ToBase64String(
        Encoding.UTF8.GetBytes(new System.Text.Json.Nodes.JsonObject { ["cmd"] = "/bin/sh", ["args"] = new System.Text.Json.Nodes.JsonArray("-c", script) }.ToJsonString()));

    private static bool IsZombie(string pid) => Read($"/proc/{pid}/stat") is not { Length: > 0 } stat || stat.Contains(") Z ", StringComparison.Ordinal);

    private static IEnumerable<int> Guards() => Directory.EnumerateDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out var pid) ? pid : 0)
        .Where(pid => pid > 0 && Read($"/proc/{pid}/cmdline").Contains("jobrunner-guard", StringComparison.Ordinal));

    private static int ParentOf(int pid) =>
        Read($"/proc/{pid}/stat") is { Length: > 0 } stat ? int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]) : 0;

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
