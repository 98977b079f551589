using System.Text;
using JobRunner.Bus.Chains;
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
    public static TrackedChain Of(string graph, Func<Job, Job>? change = null)
    {
        var parts = graph.Split(';', StringSplitOptions.TrimEntries);
        var ids = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var edges = parts.Length > 1 ? parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        var next = edges.Select(edge => edge.Split('>')).GroupBy(edge => edge[0], edge => edge[1])
            .ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]);
        return new TrackedChain(Request(ids, next, change));
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
        var commands = ChainGraph.Sort(ids, next).Select(id => new RunJob { RequestId = "req", Job = jobs[id], JobData = jobs[id].Data ?? [] });
        return new JobRequest("file.json", "req", [.. commands], next);
    }

    /// <summary>Starts the chain.</summary>
    public static IReadOnlyList<Launch> Launch(this TrackedChain chain) =>
        [.. chain.Take(ChainRules.Start(chain.Now, Noon)).OfType<SendJob>()
            .Select(send => new Launch(chain.Now.CommandOf(chain.Now.Plan.Find(send.JobId)!.Value), TimeSpan.Zero))];
}
