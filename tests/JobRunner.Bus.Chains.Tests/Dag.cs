using System.Globalization;
using CsCheck;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>Jobs j0…; an edge goes from the lower to the higher number, so that there is no cycle.</summary>
internal sealed record Dag(int Size, (int, int)[] Edges, int[] Sequences, int[] SequenceRetries, bool[] Waits)
{
    public static readonly Gen<Dag> Any =
        from size in Gen.Int[1, 12]
        from edges in Gen.Select(Gen.Int[0, size - 1], Gen.Int[0, size - 1]).Array[0, 3 * size]
        from sequences in Gen.Int[0, size - 1].Array[size]
        from retries in Gen.Int[0, 2].Array[size]
        from waits in Gen.Bool.Array[size]
        select new Dag(size, edges, sequences, retries, waits);

    private readonly bool[,] _behind = Closure(Size, Edges);

    public IReadOnlyList<string> Ids { get; } = [.. Enumerable.Range(0, Size).Select(i => $"j{i}")];

    public override string ToString() =>
        $"{Size} jobs, {string.Join(' ', Edges.Select(edge => $"{edge.Item1}-{edge.Item2}"))}, sequences {string.Join(' ', Sequences)}, "
        + $"retries {string.Join(' ', SequenceRetries)}, waits {string.Join(' ', Waits)}";

    public IEnumerable<string> Before(string id) => Pairs().Where(pair => pair.To == id).Select(pair => pair.From);

    public bool IsBehind(string id, string start) => _behind[Number(id), Number(start)];

    // Any sequence start will do if the job comes after it; else the job is its own.
    public string SequenceOf(string id) => $"j{Sequences[Number(id)]}" is var start && IsBehind(id, start) ? start : id;

    public bool IsStart(string id) => Ids.Any(other => SequenceOf(other) == id);

    public long Retries(string id) => SequenceRetries[Number(id)];

    public bool HasWait(string id) => Waits[Number(id)];

    public ChainPlan ToPlan() => TestChain.Plan(
        Ids,
        Pairs().GroupBy(pair => pair.From, pair => pair.To).ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]),
        job => job with
        {
            Retry = 9,
            SequenceId = SequenceOf(job.Id) is var start && start != job.Id ? start : "",
            SequenceRetry = Retries(job.Id),
            SequenceRetryWait = HasWait(job.Id) ? "5s" : null,
        });

    private IEnumerable<(string From, string To)> Pairs() => Edges
        .Where(edge => edge.Item1 != edge.Item2)
        .Select(edge => ($"j{Math.Min(edge.Item1, edge.Item2)}", $"j{Math.Max(edge.Item1, edge.Item2)}"))
        .Distinct();

    private static bool[,] Closure(int size, (int, int)[] edges)
    {
        var behind = new bool[size, size];
        for (var to = 0; to < size; to++)
        {
            behind[to, to] = true;
            foreach (var from in edges.Where(edge => Math.Max(edge.Item1, edge.Item2) == to).Select(edge => Math.Min(edge.Item1, edge.Item2)))
            {
                for (var start = 0; start < size; start++)
                {
                    behind[to, start] |= behind[from, start];
                }
            }
        }

        return behind;
    }

    private static int Number(string id) => int.Parse(id[1..], CultureInfo.InvariantCulture);
}
