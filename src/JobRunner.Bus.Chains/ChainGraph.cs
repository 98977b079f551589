namespace JobRunner.Bus.Chains;

/// <summary>Questions about which job follows which. Pure, iterative: a chain of any length fits.</summary>
public static class ChainGraph
{
    /// <summary>
    /// The ids in an order in which each comes after those it follows; among those free to choose, in the order given.
    /// Jobs on a cycle, and those behind one, are left out.
    /// </summary>
    public static IReadOnlyList<string> Sort(
        IReadOnlyCollection<string> ids,
        IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        var place = ids.Select((id, index) => (id, index)).ToDictionary(pair => pair.id, pair => pair.index);
        var waitsFor = ids.ToDictionary(id => id, _ => 0);
        foreach (var child in next.Values.SelectMany(children => children))
        {
            waitsFor[child]++;
        }

        var free = new PriorityQueue<string, int>(ids.Where(id => waitsFor[id] == 0).Select(id => (id, place[id])));
        List<string> sorted = new(ids.Count);
        while (free.TryDequeue(out var id, out _))
        {
            sorted.Add(id);
            foreach (var child in next.GetValueOrDefault(id, []))
            {
                if (--waitsFor[child] == 0)
                {
                    free.Enqueue(child, place[child]);
                }
            }
        }

        return sorted;
    }

    /// <summary>
    /// One cycle, from its first id in the order given, which is repeated at its end; <see langword="null"/> if there is none.
    /// </summary>
    public static IReadOnlyList<string>? FindCycle(
        IReadOnlyCollection<string> ids,
        IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        var sorted = Sort(ids, next).ToHashSet();
        var left = ids.Where(id => !sorted.Contains(id)).ToList();
        if (left.Count == 0)
        {
            return null;
        }

        // Each job left waits for another one left: walking back from any of them must come round.
        Dictionary<string, string> before = [];
        foreach (var parent in left)
        {
            foreach (var child in next.GetValueOrDefault(parent, []))
            {
                before[child] = parent;
            }
        }

        Dictionary<string, int> place = [];
        List<string> walk = [];
        var at = left[0];
        while (place.TryAdd(at, walk.Count))
        {
            walk.Add(at);
            at = before[at];
        }

        var cycle = walk[place[at]..];
        cycle.Reverse();
        var first = cycle.IndexOf(ids.First(cycle.ToHashSet().Contains));
        return [.. cycle[first..], .. cycle[..first], cycle[first]];
    }

    /// <summary>The job and every job behind it.</summary>
    public static IReadOnlySet<string> WithAllBehind(string id, IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        HashSet<string> seen = [id];
        Queue<string> queue = new(seen);
        while (queue.TryDequeue(out var at))
        {
            foreach (var child in next.GetValueOrDefault(at, []).Where(seen.Add))
            {
                queue.Enqueue(child);
            }
        }

        return seen;
    }
}
