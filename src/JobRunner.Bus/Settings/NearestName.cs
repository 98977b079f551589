namespace JobRunner.Bus.Settings;

/// <summary>Finds what somebody meant who mistyped a name.</summary>
internal static class NearestName
{
    /// <summary>The known name that is like the one given, or that has the same last part at another level; <see langword="null"/> if there is none.</summary>
    /// <param name="given">A name of parts with colons between.</param>
    /// <param name="known">The names there are.</param>
    public static string? Of(string given, IEnumerable<string> known)
    {
        var (nearest, distance) = known
            .Select(name => (Name: name, Distance: Math.Min(Distance(given, name), 1 + Distance(Last(given), Last(name)))))
            .MinBy(candidate => candidate.Distance);
        return nearest is not null && distance <= 1 + (Last(given).Length / 4) ? nearest : null;
    }

    private static string Last(string name) => name[(name.LastIndexOf(':') + 1)..];

    /// <summary>How many letters must be changed, added, left out or swapped with their neighbour, whatever their case.</summary>
    private static int Distance(string one, string other)
    {
        var costs = new int[one.Length + 1, other.Length + 1];
        for (var i = 0; i <= one.Length; i++)
        {
            for (var j = 0; j <= other.Length; j++)
            {
                costs[i, j] = Math.Min(i, j) == 0 ? Math.Max(i, j) : Cheapest(i, j);
            }
        }

        return costs[one.Length, other.Length];

        int Cheapest(int i, int j)
        {
            var same = Same(i - 1, j - 1) ? 0 : 1;
            var cost = Math.Min(Math.Min(costs[i - 1, j], costs[i, j - 1]) + 1, costs[i - 1, j - 1] + same);
            return i > 1 && j > 1 && Same(i - 1, j - 2) && Same(i - 2, j - 1) ? Math.Min(cost, costs[i - 2, j - 2] + 1) : cost;
        }

        bool Same(int i, int j) => char.ToUpperInvariant(one[i]) == char.ToUpperInvariant(other[j]);
    }
}
