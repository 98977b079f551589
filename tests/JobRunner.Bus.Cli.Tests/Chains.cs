using System.Text;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Chains for tests, written as JSON or as edges.</summary>
internal static class Chains
{
    public static DateTimeOffset Noon { get; } = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static JobFiles Files(string standardInput = "") => new(
        new RequestIds(new FakeTimeProvider(Noon)),
        () => new MemoryStream(Encoding.UTF8.GetBytes(standardInput)));

    public static JobRequest Parse(string json) => Files().Parse("file.json", Encoding.UTF8.GetBytes(json));

    public static string ProblemsOf(string json) => Assert.Throws<JobFileException>(() => Parse(json)).Message;

    /// <summary>Jobs and edges such as "a b c; a>b b>c", each job of type noop.</summary>
    public static ChainState Of(string graph, Func<Job, Job>? change = null)
    {
        var parts = graph.Split(';', StringSplitOptions.TrimEntries);
        var ids = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var edges = parts.Length > 1 ? parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        var next = edges.Select(edge => edge.Split('>')).GroupBy(edge => edge[0], edge => edge[1])
            .ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]);
        return new ChainState(Request(ids, next, change));
    }

    public static JobRequest Request(
        IReadOnlyList<string> ids,
        IReadOnlyDictionary<string, IReadOnlyList<string>> next,
        Func<Job, Job>? change = null)
    {
        var jobs = ids.ToDictionary(id => id, id =>
        {
            var job = new Job { Id = id, Name = $"job-{id}", Type = "noop" };
            return change is null ? job : change(job);
        });
        var commands = JobGraph.Sort(ids, next).Select(id => new RunJob { RequestId = "req", Job = jobs[id], JobData = jobs[id].Data ?? [] });
        return new JobRequest("file.json", "req", [.. commands], next);
    }

    /// <summary>The ids of the jobs to send, in order.</summary>
    public static string Ids(this IEnumerable<Launch> launches) => string.Join(' ', launches.Select(launch => launch.Command.Job.Id));

    /// <summary>A result that counts one try.</summary>
    public static JobFinished Result(this ChainState chain, string id, JobState state, Action<System.Text.Json.Nodes.JsonObject>? write = null)
    {
        var job = chain.Find(id)!;
        var data = (System.Text.Json.Nodes.JsonObject)job.Data.DeepClone();
        write?.Invoke(data);
        return new JobFinished
        {
            RequestId = chain.RequestId,
            JobId = id,
            FinalState = state,
            Tries = 1,
            PrevTries = job.PrevTries + 1,
            TotalTries = job.TotalTries + 1,
            JobData = data,
        };
    }

    /// <summary>Ends a job; the ids of the jobs that start then.</summary>
    public static IReadOnlyList<Launch> End(this ChainState chain, string id, JobState state = JobState.Complete, Action<System.Text.Json.Nodes.JsonObject>? write = null)
    {
        Assert.True(chain.TryFinish(chain.Result(id, state, write), out var launches));
        return launches;
    }
}
