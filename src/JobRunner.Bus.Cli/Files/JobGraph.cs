namespace JobRunner.Bus.Cli.Files;

/// <summary>Questions about which job follows which. Pure, iterative: a chain of any length fits.</summary>
internal static class JobGraph
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

    /// <summary>One cycle, first id repeated at its end; <see langword="null"/> if there is none.</summary>
    public static IReadOnlyList<string>? FindCycle(
        IReadOnlyCollection<string> ids,
        IReadOnlyDictionary<string, IReadOnlyList<string>> next)
    {
        var left = ids.ToHashSet();
        left.ExceptWith(Sort(ids, next));
        if (left.Count == 0)
        {
            return null;
        }

        // Each job left waits for another one left: walking back from any of them must come round.
        var before = left.ToDictionary(id => id, id => left.First(parent => next.GetValueOrDefault(parent, []).Contains(id)));
        List<string> walk = [];
        var at = left.First();
        while (!walk.Contains(at))
        {
            walk.Add(at);
            at = before[at];
        }

        var cycle = walk[walk.IndexOf(at)..];
        cycle.Reverse();
        return [.. cycle, cycle[0]];
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
